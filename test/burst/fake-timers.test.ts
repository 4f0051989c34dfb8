import { BatchLogRecordProcessor, InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  BurstLogRecordProcessor,
  type LogRecordExporterLike,
  type LogRecordProcessorLike,
  PriorityBatchLogRecordProcessor,
  RetryingLogRecordExporter,
  Severity,
} from '../../src/index.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const memory = () => new InMemoryLogRecordExporter() as unknown as LogRecordExporterLike;
const parts: readonly (readonly [string, (exporter: LogRecordExporterLike) => LogRecordProcessorLike])[] = [
  ['a burst', (exporter) => new BurstLogRecordProcessor({ exporter })],
  [
    'a burst in chronological order',
    (exporter) => new BurstLogRecordProcessor({ exporter, order: 'chronological' }),
  ],
  [
    'a burst around the batch processor',
    (exporter) =>
      new BurstLogRecordProcessor({ processor: new PriorityBatchLogRecordProcessor({ exporter }) }),
  ],
  [
    'a burst around the batch processor of the SDK',
    (exporter) =>
      new BurstLogRecordProcessor({
        processor: new BatchLogRecordProcessor({
          exporter: exporter as unknown as InMemoryLogRecordExporter,
        }),
      }),
  ],
  ['the batch processor', (exporter) => new PriorityBatchLogRecordProcessor({ exporter })],
  [
    'the batch processor with the exporter that retries',
    (exporter) =>
      new PriorityBatchLogRecordProcessor({ exporter: new RetryingLogRecordExporter({ exporter }) }),
  ],
];

describe.each(parts)('under fake timers that are not advanced, %s', (_name, made) => {
  test.each(['forceFlush', 'shutdown'] as const)('delivers, and %s() resolves', async (method) => {
    const exported: unknown[] = [];
    const exporter = memory();
    const inner = exporter.export.bind(exporter);
    exporter.export = (records, callback) => {
      exported.push(...records.map(({ body }) => body));
      inner(records, callback);
    };
    const processor = made(exporter);
    const logger = new LoggerProvider({ processors: [processor] }).getLogger('test');
    for (let count = 0; count < 1_000; count += 1)
      logger.emit({ severityNumber: Severity.INFO, body: count });
    logger.emit({ severityNumber: Severity.ERROR, body: 'failed' });
    await processor[method]();
    expect(exported).toContain('failed');
    await processor.shutdown();
  });
});

test.each(['forceFlush', 'shutdown'] as const)(
  'under fake timers, %s() ends within its bound when nothing can be delivered',
  async (method) => {
    const hang = () => new Promise<void>(() => {});
    const exporter = { export() {}, forceFlush: hang, shutdown: hang };
    const bounds = { flushTimeoutMillis: 50 };
    const delivery = { shutdownTimeoutMillis: 50 };
    const processors = [
      new BurstLogRecordProcessor({ exporter, ...bounds, delivery }),
      new PriorityBatchLogRecordProcessor({ exporter, ...bounds, ...delivery }),
    ];
    for (const processor of processors) {
      const logger = new LoggerProvider({ processors: [processor] }).getLogger('test');
      logger.emit({ severityNumber: Severity.ERROR, body: 'stuck' });
      await processor[method]();
      expect(processor.stats().delivered).toBe(0);
    }
  },
);
