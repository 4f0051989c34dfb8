import {
  type AnyValue,
  type Attributes,
  type DecodedLogRecord,
  isBytes,
  isMap,
  isWholeDouble,
  wellFormed,
} from '../otlp/index.ts';

/** How many characters of a record are indexed. The record itself is stored completely. */
const MAX_CHARACTERS = 32_768;
/** The marker in `more` for a text that was too long to be indexed completely. */
export const CUT = 'cut';

/** The searchable text of a record. */
export interface IndexedText {
  readonly body: string;
  readonly attributes: string;
  readonly more: string;
}

/** Collects the texts and numbers of a record: body, event name, attribute values, trace id. */
export function indexedText(record: DecodedLogRecord): IndexedText {
  const { eventName, traceId } = record;
  let body = textOf(record.body ?? null);
  if (eventName !== '') body += ` ${eventName}`;
  const attributes = valuesOf(record.attributes);
  if (body.length + attributes.length <= MAX_CHARACTERS) {
    return { body: searchable(body), attributes: searchable(attributes), more: traceId };
  }
  const cutBody = body.slice(0, MAX_CHARACTERS);
  return {
    body: searchable(cutBody),
    attributes: searchable(attributes.slice(0, MAX_CHARACTERS - cutBody.length)),
    more: `${traceId} ${CUT}`,
  };
}

/** Normalizes a text for the index and for search expressions. */
export function searchable(text: string): string {
  return wellFormed(text.includes('\0') ? text.replaceAll('\0', ' ') : text);
}

function valuesOf(attributes: Attributes): string {
  let text = '';
  for (const [, value] of attributes) {
    const one = textOf(value);
    if (one !== '') text += text === '' ? one : ` ${one}`;
  }
  return text;
}

/** The values of nested structures, without their keys. */
function textOf(value: AnyValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value === null || typeof value === 'boolean' || isBytes(value)) return '';
  if (isWholeDouble(value)) return String(value.double);
  if (isMap(value)) return valuesOf(value.entries);
  return value
    .map(textOf)
    .filter((text) => text !== '')
    .join(' ');
}
