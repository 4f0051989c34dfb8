// What a user's TypeScript project writes. It compiles under strict on both OpenTelemetry lines.
import { type Context, trace } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { BatchLogRecordProcessor, InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import {
  BurstLogRecordProcessor,
  type BurstStats,
  PriorityBatchLogRecordProcessor,
  RetryingLogRecordExporter,
  Severity,
} from 'burstlog';

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
const wrapping = new BurstLogRecordProcessor({
  processor: new BatchLogRecordProcessor({ exporter: new InMemoryLogRecordExporter() }),
  order: 'chronological',
});
const batch = new PriorityBatchLogRecordProcessor({
  exporter: new RetryingLogRecordExporter({ exporter: new InMemoryLogRecordExporter() }),
});

const provider = new LoggerProvider({ processors: [burst, wrapping, batch] });
provider.getLogger('consumer').emit({ severityNumber: Severity.DEBUG, body: 'quiet' });
new TracerProvider({ spanProcessors: [wrapping.spanProcessor({ slowerThanMillis: 500 })] });

const stats: BurstStats = burst.stats();
const held: number = stats.held;
void held;
const released: { id: string; released: number } | undefined = burst.burst({ keys: 'all', reason: 'asked' });
void released;

// @ts-expect-error An unknown option is a mistake.
new BurstLogRecordProcessor({ exporter: new InMemoryLogRecordExporter(), capasity: 5 });
// @ts-expect-error It is one form or the other.
new BurstLogRecordProcessor({ exporter: new InMemoryLogRecordExporter(), processor: batch });
