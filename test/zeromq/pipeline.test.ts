import { LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { PriorityBatchLogRecordProcessor } from '../../src/export/priority-batch-log-record-processor.ts';
import { decodeLogs, scanLogs } from '../../src/otlp/index.ts';
import { Severity } from '../../src/record/severity.ts';
import { ZmqLogRecordExporter } from '../../src/zeromq/index.ts';
import { bareRecord } from '../otlp/records.ts';
import { closeAll, closeLater, newReceiver } from './support/exporting.ts';
import { MemoryIntake } from './support/memory-intake.ts';

afterEach(closeAll);

test.each(['none', 'gzip'] as const)(
  'records of the real SDK arrive in the journal as OTLP, in order, with eight exports at once (%s)',
  async (compression) => {
    const intake = new MemoryIntake();
    const { endpoint } = await newReceiver(intake, {}, { scan: scanLogs });
    const exporter = new ZmqLogRecordExporter({ endpoint, compression });
    const processor = new PriorityBatchLogRecordProcessor({ exporter, maxExportBatchSize: 100 });
    const provider = new LoggerProvider({ processors: [processor] });
    const logger = provider.getLogger('shop');
    for (let at = 0; at < 5_000; at++) {
      logger.emit({ severityNumber: Severity.INFO, body: `order ${at}`, attributes: { at } });
    }
    await provider.shutdown();
    expect(exporter.stats()).toMatchObject({ received: 5_000, exported: 5_000, pending: 0 });
    expect(intake.batches.reduce((sum, { records }) => sum + records, 0)).toBe(5_000);
    const bodies = intake.batches
      .flatMap(({ body }) => decodeLogs(body))
      .flatMap((logs) =>
        JSON.stringify(logs, (_key, value) => (typeof value === 'bigint' ? `${value}` : value)),
      )
      .join('')
      .match(/order \d+/g);
    expect(bodies).toEqual(Array.from({ length: 5_000 }, (_, at) => `order ${at}`));
  },
);

test('a batch that takes several turns to scan is acknowledged, and the following ones after it', async () => {
  const intake = new MemoryIntake();
  const { endpoint } = await newReceiver(intake, {}, { scan: undefined });
  const exporter = new ZmqLogRecordExporter({ endpoint });
  const records = (count: number, body: string) => Array.from({ length: count }, () => bareRecord({ body }));
  const exported = [records(6_000, 'x'.repeat(1_000)), records(10, 'behind it')].map(
    (batch) => new Promise((resolve) => exporter.export(batch as never, resolve)),
  );
  expect(await Promise.all(exported)).toEqual([{ code: 0 }, { code: 0 }]);
  await exporter.shutdown();
  expect(intake.batches[0]!.body.length).toBeGreaterThan(5_000_000);
  expect(intake.batches.map(({ records }) => records)).toEqual([6_000, 10]);
});

test('a batch that is too large for the daemon is split by the processor until it fits', async () => {
  const intake = new MemoryIntake();
  const { endpoint } = await newReceiver(intake, { maxBatchBytes: 20_000 }, { scan: scanLogs });
  const exporter = new ZmqLogRecordExporter({ endpoint });
  const processor = new PriorityBatchLogRecordProcessor({ exporter });
  const provider = new LoggerProvider({ processors: [processor] });
  for (let at = 0; at < 100; at++) provider.getLogger('shop').emit({ body: 'x'.repeat(1_000) });
  await provider.shutdown();
  expect(intake.batches.reduce((sum, { records }) => sum + records, 0)).toBe(100);
  expect(intake.batches.length).toBeGreaterThan(4);
});

test('the exporter metrics of the semantic conventions count what became of the records', async () => {
  const { endpoint } = await newReceiver(new MemoryIntake(), {}, { scan: scanLogs });
  const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  closeLater(() => meterProvider.shutdown());
  const exporter = new ZmqLogRecordExporter({ endpoint, meterProvider, componentName: 'zmq/7' });
  const processor = new PriorityBatchLogRecordProcessor({ exporter });
  const provider = new LoggerProvider({ processors: [processor] });
  for (let at = 0; at < 10; at++) provider.getLogger('shop').emit({ body: 'x' });
  await provider.shutdown();
  exporter.export([{}, {}] as never, () => {});
  await meterProvider.forceFlush();
  const points = memory
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ value, attributes }) => [
        descriptor.name,
        attributes['otel.component.name'],
        attributes['error.type'],
        value,
      ]),
    );
  expect(points).toEqual([
    ['otel.sdk.exporter.log.exported', 'zmq/7', undefined, 10],
    ['otel.sdk.exporter.log.exported', 'zmq/7', 'shutdown', 2],
    ['otel.sdk.exporter.log.inflight', 'zmq/7', undefined, 0],
  ]);
});
