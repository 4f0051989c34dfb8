import {
  type AnyValue,
  type DecodedLogRecord,
  doubleValue,
  type KeyValue,
  type LogGroup,
  type LogResource,
  type LogScope,
} from '../otlp/index.ts';

/** A row in an answer of VictoriaLogs: field names and texts. */
export type Row = Readonly<Record<string, string>>;

/** The message that VictoriaLogs writes for a record without text. */
const NO_MESSAGE = /^missing _msg field;/;
const SCOPE_ATTRIBUTES = 'scope.attributes.';
/** Fields that are not attributes of the record. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  ...[
    '_msg',
    '_stream',
    '_stream_id',
    '_time',
    'severity_number',
    'severity_text',
    'trace_id',
    'span_id',
    'flags',
  ],
  ...['event_name', 'scope.name', 'scope.version', 'dropped_attributes_count', 'observed_timestamp'],
]);
/** The canonical form of a JSON number: `007` and `1.0` are texts. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?(?:e[+-]\d+)?$/;

/**
 * Converts rows to records. VictoriaLogs does not store the types of values: a text that looks like a number,
 * a boolean or a list is converted to one. The fields of the log stream become the resource.
 */
export class VictoriaLogsRows {
  /** A cache by stream text: services have few streams, and groups share the resource object. */
  readonly #resources = new Map<string, LogResource>();

  /** @throws SyntaxError if the line is not a row */
  group(line: string): LogGroup {
    const row = rowOf(line);
    const resource = this.#resource(row._stream ?? '{}');
    const scope: LogScope = {
      ...NOTHING,
      name: row['scope.name'] ?? '',
      version: row['scope.version'] ?? '',
      attributes: entriesOf(row, (name) =>
        name.startsWith(SCOPE_ATTRIBUTES) ? name.slice(SCOPE_ATTRIBUTES.length) : undefined,
      ),
    };
    return { resource, scope, records: [recordOf(row, resource)] };
  }

  #resource(stream: string): LogResource {
    let resource = this.#resources.get(stream);
    if (resource === undefined) {
      resource = { ...NOTHING, attributes: labelsOf(stream) };
      if (this.#resources.size >= MAX_RESOURCES) this.#resources.clear();
      this.#resources.set(stream, resource);
    }
    return resource;
  }
}

/** @throws SyntaxError if the line is not a row */
export function rowOf(line: string): Row {
  const row: unknown = JSON.parse(line);
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Row;
  throw new SyntaxError('a row must be a JSON object');
}

const MAX_RESOURCES = 10_000;
const NOTHING = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' } as const;

/** Parses `{service.name="shop",process.pid="42"}`, with values quoted as in Go. */
function labelsOf(stream: string): KeyValue[] {
  return [...stream.matchAll(/([^{},="]+)=("(?:\\.|[^"\\])*")/g)].map(([, name = '', quoted = '']) => [
    name,
    anyValue(unquoted(quoted)),
  ]);
}

function unquoted(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    // Go has escapes that JSON does not have.
    return quoted.slice(1, -1);
  }
}

function recordOf(row: Row, resource: LogResource): DecodedLogRecord {
  const message = row._msg ?? '';
  const ofStream = new Map(resource.attributes.map(([name, value]) => [name, value]));
  return {
    timeUnixNano: nanosOf(row._time ?? ''),
    observedTimeUnixNano: 0n,
    severityNumber: Number(row.severity_number ?? 0) || 0,
    severityText: row.severity_text ?? '',
    body: NO_MESSAGE.test(message) ? undefined : message,
    // Skips fields of the stream, unless the record's attribute with the same name has a different value.
    attributes: entriesOf(row, (name, value) =>
      OWN_FIELDS.has(name) || name.startsWith(SCOPE_ATTRIBUTES) || ofStream.get(name) === anyValue(value)
        ? undefined
        : name,
    ),
    droppedAttributesCount: 0,
    flags: Number(row.flags ?? 0) || 0,
    traceId: hex(row.trace_id, 32),
    spanId: hex(row.span_id, 16),
    eventName: row.event_name ?? '',
  };
}

function hex(text: string | undefined, digits: number): string {
  const id = (text ?? '').toLowerCase();
  return id.length === digits && /^[0-9a-f]+$/.test(id) && !/^0+$/.test(id) ? id : '';
}

function entriesOf(row: Row, nameOf: (name: string, value: string) => string | undefined): KeyValue[] {
  return Object.entries(row).flatMap(([field, value]): KeyValue[] => {
    const name = nameOf(field, value);
    return name === undefined ? [] : [[name, anyValue(value)]];
  });
}

function anyValue(text: string): AnyValue {
  if (text === 'true' || text === 'false') return text === 'true';
  if (NUMBER.test(text) && String(Number(text)) === text) {
    const number = Number(text);
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? doubleValue(number) : number;
  }
  return text.startsWith('[') ? listOf(text) : text;
}

function listOf(text: string): AnyValue {
  try {
    const items: unknown = JSON.parse(text);
    const isPlain = (item: unknown) => ['string', 'number', 'boolean'].includes(typeof item);
    return Array.isArray(items) && items.every(isPlain) ? (items as AnyValue[]) : text;
  } catch {
    return text;
  }
}

/** Parses `2026-11-30T04:28:42.628123456Z`, with up to nine fractional digits. */
function nanosOf(time: string): bigint {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d{1,9}))?Z$/.exec(time) ?? [];
  const millis = Date.parse(`${seconds}Z`);
  if (Number.isNaN(millis) || millis < 0) return 0n;
  return BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, '0') || 0);
}

/** Formats a time for LogsQL. */
export function timeText(nanos: bigint): string {
  const fraction = String(nanos % 1_000_000_000n).padStart(9, '0');
  const seconds = new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${fraction}Z`;
}
