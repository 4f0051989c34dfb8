// What a user's TypeScript project writes. It compiles under strict on both OpenTelemetry lines.
import { type Context, trace } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import {
  type BatchLogRecordProcessor,
  InMemoryLogRecordExporter,
  LoggerProvider,
} from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import {
  asTask,
  BurstLoggerProvider,
  BurstLogRecordProcessor,
  type BurstStats,
  importTask,
  PriorityBatchLogRecordProcessor,
  RetryingLogRecordExporter,
  registerLoggerProvider,
  Severity,
  startTask,
  TaskLogRecordProcessor,
  task,
  to,
  wrap,
} from 'burstlog';
import { captureLogs } from 'burstlog/testing';
import { ZmqLogRecordExporter } from 'burstlog/zeromq';

const burst = new BurstLogRecordProcessor({
  exporter: new OTLPLogExporter(),
  level: { default: 'DEBUG', 'noisy.*': Severity.INFO },
  triggers: {
    when: (record, context: Context) => trace.getSpan(context) !== undefined && record.body === 'x',
  },
  scope: (record) => record.spanContext?.traceId,
  after: { records: 10 },
  delivery: { maxExportBatchSize: 100, retry: { maxElapsedMillis: 60_000 } },
  meterProvider: new MeterProvider(),
});
/** How it is made differs from SDK to SDK. */
declare const theirs: BatchLogRecordProcessor;
const wrapping = new BurstLogRecordProcessor({
  processor: theirs,
  order: 'chronological',
});
const batch = new PriorityBatchLogRecordProcessor({
  exporter: new RetryingLogRecordExporter({ exporter: new InMemoryLogRecordExporter() }),
});

const provider = new LoggerProvider({ processors: [burst, wrapping, batch] });
provider.getLogger('consumer').emit({ severityNumber: Severity.DEBUG, body: 'quiet' });
const front = new BurstLoggerProvider({ provider, capacity: 100, scope: 'task' });
front.getLogger('consumer', '1.0.0').emit({ severityNumber: Severity.DEBUG, body: 'quiet' });
const asked: boolean = front.getLogger('consumer').enabled({ severityNumber: Severity.DEBUG });
void asked;
new TracerProvider({ spanProcessors: [wrapping.spanProcessor({ slowerThanMillis: 500 })] });

const severities: Record<string, Severity> = { debug: Severity.DEBUG };
void severities;
const stats: BurstStats = burst.stats();
const held: number = stats.held;
void held;
const released: { id: string; released: number } | undefined = burst.burst({ keys: 'all', reason: 'asked' });
void released;

// @ts-expect-error An unknown option is a mistake.
new BurstLogRecordProcessor({ exporter: new InMemoryLogRecordExporter(), capasity: 5 });
// @ts-expect-error The SDK's provider has the exporter.
new BurstLoggerProvider({ provider, exporter: new InMemoryLogRecordExporter() });
// @ts-expect-error It is one form or the other.
new BurstLogRecordProcessor({ exporter: new InMemoryLogRecordExporter(), processor: batch });

const bridge = new BurstLogRecordProcessor({
  exporter: new ZmqLogRecordExporter({ endpoint: 'tcp://127.0.0.1:5011', compression: 'gzip' }),
});
registerLoggerProvider(new LoggerProvider({ processors: [new TaskLogRecordProcessor(), bridge] }));
const charged: Promise<number> = task('checkout', { user: 'leo' }, async (job) => {
  await to('charge', { amount: 42 }, { severity: 'DEBUG', expected: true }, async (step) => {
    step.bind({ attempt: 1 });
    step.success('charged %d', 42);
  });
  const headers: Record<string, string> = {};
  job.inject(headers);
  return importTask(headers, 'reserve', () => 1);
});
const square: (value: number) => number = wrap(
  (value: number) => value * value,
  'square',
  (value) => ({ value }),
);
const started = startTask('scan', {}, { severity: Severity.DEBUG });
started[Symbol.dispose]();
class Shop {
  @asTask('pay')
  pay(cents: number): number {
    return cents;
  }
}
const logs = captureLogs({ burst: true });
logs
  .task('checkout')
  .succeeded()
  .withStep('charge')
  .succeeded(/charged/);
void [charged, square, new Shop().pay(1)];
