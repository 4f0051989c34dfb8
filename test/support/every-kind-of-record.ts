import { type Context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { Severity } from '../../src/record/severity.ts';
import type { DecodedRecord } from './otlp-decode.js';

export const traceId = '0af7651916cd43dd8448eb211c80319c';
export const spanId = 'b7ad6b7169203331';

/** Who sends the records: what resource and scope must say on the other side. */
export const sender = {
  resource: { 'service.name': 'checkout', 'service.instance.id': 'one', 'process.pid': 4711 },
  scope: { name: 'payments', version: '1.2.3', schemaUrl: 'https://opentelemetry.io/schemas/1.40.0' },
};

const inASpan: Context = trace.setSpanContext(ROOT_CONTEXT, {
  traceId,
  spanId,
  traceFlags: TraceFlags.SAMPLED,
});

/** What `logger.emit` takes, on either line. */
export interface EmittedRecord {
  readonly timestamp?: [number, number];
  readonly observedTimestamp?: [number, number];
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: DecodedRecord['body'];
  readonly attributes?: DecodedRecord['attributes'];
  readonly eventName?: string;
  readonly context?: Context;
}

/** One record of each kind that OTLP knows, without those that a Collector would sort out as errors or bursts. */
export const everyKindOfRecord: readonly EmittedRecord[] = [
  {
    severityNumber: Severity.INFO,
    severityText: 'INFO',
    body: 'a text: ✓ 漢字 \u0000 \n "',
    context: inASpan,
  },
  { severityNumber: Severity.DEBUG, body: { order: { id: 7, lines: ['a', 2, false] } } },
  {
    severityNumber: Severity.TRACE,
    body: ['a', 1, 1.5, [true]],
    timestamp: [1_700_000_000, 123_456_789],
  },
  { severityNumber: Severity.WARN4, eventName: 'stock.low', body: 42 },
  { body: false, observedTimestamp: [1_700_000_001, 1], timestamp: [1_700_000_000, 999_999_999] },
  { attributes: { 'the.body': 'is missing' } },
  {
    severityNumber: Severity.INFO,
    body: 'attributes',
    context: inASpan,
    attributes: {
      text: 'text',
      empty: '',
      'with.unicode': 'Straße 🚚',
      whole: 9_007_199_254_740_991,
      negative: -42,
      zero: 0,
      fraction: 0.1,
      tiny: 5e-324,
      yes: true,
      no: false,
      bytes: new Uint8Array([0, 1, 127, 128, 255]),
      list: ['a', 1, 2.5, true, ['nested']],
      'empty.list': [],
      map: { a: 1, b: { c: 'd' } },
    },
  },
];

/** The part of a decoded record that the caller of `emit` has decided. */
export function saidBy(record: EmittedRecord): Partial<DecodedRecord> {
  const spanContext = record.context && trace.getSpanContext(record.context);
  return {
    severityNumber: record.severityNumber ?? 0,
    severityText: record.severityText ?? '',
    body: record.body,
    attributes: record.attributes ?? {},
    droppedAttributesCount: 0,
    flags: spanContext?.traceFlags ?? 0,
    traceId: spanContext?.traceId ?? '',
    spanId: spanContext?.spanId ?? '',
    eventName: record.eventName ?? '',
    resource: { attributes: sender.resource },
    scope: { name: sender.scope.name, version: sender.scope.version, attributes: {} },
    schemaUrl: sender.scope.schemaUrl,
    ...(record.timestamp && { timeUnixNano: nanos(record.timestamp) }),
    ...(record.observedTimestamp && { observedTimeUnixNano: nanos(record.observedTimestamp) }),
  };
}

function nanos(time: [number, number]): string {
  const [seconds, rest] = time;
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));
}
