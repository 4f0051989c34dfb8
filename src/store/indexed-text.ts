import {
  type AnyValue,
  type Attributes,
  type DecodedLogRecord,
  isBytes,
  isMap,
  isWholeDouble,
  wellFormed,
} from '../otlp/index.ts';

/** So many characters of a record can be searched for. The record itself is stored whole. */
const MAX_CHARACTERS = 32_768;
/** Stands in `more` where a text was too long to be searched for as a whole. */
export const CUT = 'cut';

/** What can be searched for in a record. */
export interface IndexedText {
  readonly body: string;
  readonly attributes: string;
  readonly more: string;
}

/** The texts and numbers of a record: body and event name, values of attributes, trace id. */
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

/** A text as the index takes it, and as it is looked for. */
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

/** Of what nests, the values, not the keys. */
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
