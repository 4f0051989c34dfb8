import { type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import fc from 'fast-check';
import { type DecodedLogs, encodeDecoded, JsonLines, LogsEncoder, logGroups } from '../../src/otlp/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { anyText } from '../support/any-text.ts';
import { type EmittedRecord, sender } from '../support/every-kind-of-record.ts';

interface LoggerName {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
}

/** Records as the real SDK makes them, of one resource. */
export function sdkRecords(
  emitted: readonly (EmittedRecord & { readonly logger?: LoggerName })[],
): ReadableLogRecordLike[] {
  const records: ReadableLogRecordLike[] = [];
  const keep = {
    onEmit: (record: ReadableLogRecordLike) => void records.push(record),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const resource = resourceFromAttributes(sender.resource, {
    schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
  });
  const provider = new LoggerProvider({ resource, processors: [keep] });
  for (const { logger = sender.scope, ...record } of emitted) {
    const { name, version, schemaUrl } = logger;
    provider
      .getLogger(name, version, schemaUrl === undefined ? {} : { schemaUrl })
      // biome-ignore lint/suspicious/noExplicitAny: the record types of the two lines differ.
      .emit(record as any);
  }
  return records;
}

/** A record that no SDK would make: for what an application can get past its types. */
export function bareRecord(
  fields: Partial<Record<keyof ReadableLogRecordLike, unknown>>,
): ReadableLogRecordLike {
  return {
    hrTime: [1_700_000_000, 1],
    hrTimeObserved: [1_700_000_000, 2],
    resource: { attributes: {} },
    instrumentationScope: { name: 'bare' },
    attributes: {},
    droppedAttributesCount: 0,
    ...fields,
  } as ReadableLogRecordLike;
}

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  anyText(40),
  fc.nat(300).map((length) => 'x'.repeat(length)),
  fc.nat(100).map((length) => 'ü✓🚚'.repeat(length)),
  fc.constantFrom('a\nb', 'C:\\new', '\\n', '__proto__', 'constructor', '', '\u2028'),
);
/** Not `__proto__`: the official serializer throws where a value's prototype was changed by it. */
const key = text.filter((name) => name !== '__proto__');
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(2 ** 62, -(2 ** 63), 2 ** 63, 1e300, 0, -0, 127, 128, 2 ** 31, 2 ** 32, -1, 0.5),
);

/** Values of every kind that OTLP has. */
export const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 200 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
})).value;

const context: fc.Arbitrary<Context> = fc
  .record({
    traceId: fc.stringMatching(/^[1-9a-f][0-9a-f]{31}$/),
    spanId: fc.stringMatching(/^[1-9a-f][0-9a-f]{15}$/),
    traceFlags: fc.integer({ min: 0, max: 255 }),
  })
  .map((spanContext) => trace.setSpanContext(ROOT_CONTEXT, spanContext));

const time = fc.tuple(fc.integer({ min: 0, max: 18_446_744_072 }), fc.integer({ min: 0, max: 999_999_999 }));

/** Any record that the SDK can make of an application's `emit`. */
export const emittedRecord: fc.Arbitrary<EmittedRecord & { logger: LoggerName }> = fc.record(
  {
    timestamp: time,
    observedTimestamp: time,
    severityNumber: fc.integer({ min: 0, max: 24 }),
    severityText: text,
    body: value,
    attributes: fc.dictionary(key, value, { maxKeys: 6 }),
    eventName: text,
    context,
    logger: fc.constantFrom(sender.scope, { name: 'other' }, { name: '' }),
  },
  { requiredKeys: ['logger'] },
  // biome-ignore lint/suspicious/noExplicitAny: values are of every kind, as `emit` allows.
) as fc.Arbitrary<any>;

/** A request as the exporter writes it. */
export function encodeLogs(records: readonly ReadableLogRecordLike[]): Uint8Array {
  return new LogsEncoder().encode(records);
}

/** All lines of a request. */
export function jsonLine(logs: DecodedLogs | Uint8Array): string {
  const bytes = logs instanceof Uint8Array ? logs : encodeDecoded(logs);
  return [...new JsonLines().lines(logGroups(bytes))].join('');
}
