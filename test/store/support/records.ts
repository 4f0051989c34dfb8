import {
  type AnyValue,
  type DecodedLogRecord,
  decodeJsonLogs,
  encodeDecoded,
} from '../../../src/otlp/index.ts';

/** The properties of a record that a test can set. */
export interface Said {
  readonly body?: AnyValue;
  readonly attributes?: Readonly<Record<string, AnyValue>>;
  readonly trace?: string;
  readonly severity?: number;
  /** Milliseconds since 1970. */
  readonly time?: number;
  /** When it was observed. */
  readonly observed?: number;
  readonly event?: string;
}

export function record({
  body,
  attributes = {},
  trace = '',
  severity = 9,
  time = 1_000,
  observed = 0,
  event = '',
}: Said): DecodedLogRecord {
  return {
    timeUnixNano: BigInt(time) * 1_000_000n,
    observedTimeUnixNano: BigInt(observed) * 1_000_000n,
    severityNumber: severity,
    severityText: '',
    body,
    attributes: Object.entries(attributes),
    droppedAttributesCount: 0,
    flags: 0,
    traceId: trace,
    spanId: '',
    eventName: event,
  };
}

/** A request of one service. */
export function request(records: readonly Said[], service = 'shop'): Uint8Array {
  const none = { droppedAttributesCount: 0, schemaUrl: '' };
  const scope = { ...none, name: 'test', version: '', attributes: [], records: records.map(record) };
  return encodeDecoded({
    resources: [{ ...none, attributes: [['service.name', service]], scopes: [scope] }],
  });
}

/** The bodies of the records in lines of OTLP/JSON. */
export function bodiesOf(lines: string): unknown[] {
  return recordsOf(lines).map(({ body }) => body);
}

/** The records in lines of OTLP/JSON. */
export function recordsOf(lines: string): DecodedLogRecord[] {
  return lines
    .split('\n')
    .filter((line) => line.startsWith('{"resourceLogs"'))
    .flatMap((line) => decodeJsonLogs(line).resources)
    .flatMap(({ scopes }) => scopes.flatMap(({ records }) => records));
}
