import { context, trace } from '@opentelemetry/api';
import { BatchLogRecordProcessor, InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import type { ReadableLogRecordLike } from '../../src/record/otel.ts';
import { Severity } from '../../src/record/severity.ts';
import { inTrace, pipeline, traceIdOf } from '../support/pipeline.ts';

test('the record itself is never changed, only a view of it', async () => {
  const seen: ReadableLogRecordLike[] = [];
  const spy = {
    onEmit: (record: ReadableLogRecordLike) => void seen.push(record),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const burst = new BurstLogRecordProcessor({ exporter: new InMemoryLogRecordExporter() });
  const logger = new LoggerProvider({ processors: [spy, burst] }).getLogger('test');
  logger.emit({ severityNumber: Severity.DEBUG, body: 'quiet' });
  logger.emit({ severityNumber: Severity.ERROR, body: 'failed' });
  await burst.forceFlush();
  expect(seen.map((record) => record.attributes)).toEqual([{}, {}]);
});

test("added attributes are not dropped by the SDK's attribute limits", async () => {
  const exporter = new InMemoryLogRecordExporter();
  const burst = new BurstLogRecordProcessor({ exporter });
  const provider = new LoggerProvider({
    processors: [burst],
    logRecordLimits: { attributeCountLimit: 2, attributeValueLengthLimit: 4 },
  });
  const attributes = { a: 1, b: 'too long', c: 3 };
  for (const severityNumber of [Severity.DEBUG, Severity.ERROR]) {
    provider.getLogger('test').emit({ severityNumber, attributes });
  }
  await burst.forceFlush();
  const [error, debug] = exporter.getFinishedLogRecords();
  const id = error!.attributes['burst.id'];
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(error!.attributes).toEqual({ a: 1, b: 'too ', 'burst.id': id, 'burst.trigger': 'severity' });
  expect(debug!.attributes).toEqual({ a: 1, b: 'too ', 'burst.id': id, 'burst.sequence': 1 });
  expect(debug!.droppedAttributesCount).toBe(1);
  await provider.shutdown();
});

test('a record that was enabled for another processor is still refused here', async () => {
  const exporter = new InMemoryLogRecordExporter();
  const burst = new BurstLogRecordProcessor({ exporter, level: 'INFO' });
  const other = { onEmit: () => {}, forceFlush: async () => {}, shutdown: async () => {} };
  const logger = new LoggerProvider({ processors: [other, burst] }).getLogger('test');
  logger.emit({ severityNumber: Severity.DEBUG, body: 'refused' });
  logger.emit({ severityNumber: Severity.ERROR, body: 'failed' });
  await burst.forceFlush();
  expect(exporter.getFinishedLogRecords().map((record) => record.body)).toEqual(['failed']);
});

describe('the processor form', () => {
  function wrapped() {
    const exporter = new InMemoryLogRecordExporter();
    const processor = new BatchLogRecordProcessor({ exporter });
    const burst = new BurstLogRecordProcessor({ processor, capacity: 100_000, limit: false });
    const logger = new LoggerProvider({ processors: [burst] }).getLogger('test');
    return { burst, logger, exporter };
  }

  test('a big burst through the SDK batch processor arrives complete and in order', async () => {
    const { burst, logger, exporter } = wrapped();
    for (let count = 1; count <= 20_000; count += 1) {
      logger.emit({ severityNumber: Severity.DEBUG, body: `quiet ${count}` });
    }
    logger.emit({ severityNumber: Severity.ERROR, body: 'failed' });
    await burst.forceFlush();
    const records = exporter.getFinishedLogRecords();
    expect(records).toHaveLength(20_002);
    expect(records[0]!.body).toBe('failed');
    const sequence = records.slice(1, -1).map((record) => record.attributes['burst.sequence']);
    expect(sequence).toEqual(Array.from({ length: 20_000 }, (_, at) => at + 1));
  });

  test('the wrapped processor may change the view it receives', async () => {
    const exported: unknown[] = [];
    const processor = {
      onEmit(record: { setAttribute(key: string, value: unknown): unknown; attributes: unknown }) {
        record.setAttribute('enriched', true);
        exported.push(record.attributes);
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const burst = new BurstLogRecordProcessor({ processor });
    const logger = new LoggerProvider({ processors: [burst] }).getLogger('test');
    logger.emit({ severityNumber: Severity.DEBUG, body: 'quiet' });
    logger.emit({ severityNumber: Severity.ERROR, body: 'failed' });
    await burst.forceFlush();
    expect(exported).toHaveLength(3);
    expect(exported.every((attributes) => (attributes as Record<string, unknown>).enriched === true)).toBe(
      true,
    );
  });

  test('the context of a released record has its span context', async () => {
    const contexts: (string | undefined)[] = [];
    const processor = {
      onEmit: (_record: unknown, given?: Parameters<typeof trace.getSpanContext>[0]) =>
        void contexts.push(given && trace.getSpanContext(given)?.traceId),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const burst = new BurstLogRecordProcessor({ processor });
    const logger = new LoggerProvider({ processors: [burst] }).getLogger('test');
    logger.emit({ severityNumber: Severity.DEBUG, body: 'quiet', context: inTrace('a') });
    logger.emit({ severityNumber: Severity.ERROR, body: 'failed', context: inTrace('a') });
    await burst.forceFlush();
    expect(contexts).toEqual([traceIdOf('a'), traceIdOf('a'), traceIdOf('a')]);
  });
});

test('after shutdown enabled() is false', async () => {
  const { burst } = pipeline();
  await burst.shutdown();
  expect(
    (burst as BurstLogRecordProcessor).enabled({
      context: context.active(),
      instrumentationScope: { name: 'x' },
    }),
  ).toBe(false);
});
