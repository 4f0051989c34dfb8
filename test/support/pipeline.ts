import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, type LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import { BurstLoggerProvider } from '../../src/burst/burst-logger-provider.ts';
import type { BurstExporterOptions, BurstOptions, DeferredLogger } from '../../src/burst/options.ts';
import { PriorityBatchLogRecordProcessor, RetryingLogRecordExporter } from '../../src/export/index.ts';
import type { BurstStats } from '../../src/holding/stats.ts';
import type { LogRecordProcessorLike, ReadableLogRecordLike } from '../../src/record/otel.ts';
import { Severity, type SeverityName } from '../../src/record/severity.ts';
import { ManualClock } from './manual-clock.ts';

export type { SeverityName } from '../../src/record/severity.ts';

/** What holds: a processor of the SDK, or a provider in front of it. */
export type FrontName = 'processor' | 'provider';

/** For `describe.each()`: what is said of one front end holds for the other. */
export const FRONTS: readonly FrontName[] = ['processor', 'provider'];

/** The real SDK with one of the front ends, an exporter in memory, and a clock of ours. */
export const pipelineOf =
  (front: FrontName) =>
  (options: Partial<BurstExporterOptions> = {}) =>
    pipeline(options, front);

/** The processor in the exporter form; the provider in front of a priority batch with the same exporter. */
export function pipeline(given: Partial<BurstExporterOptions> = {}, front: FrontName = 'processor') {
  const clock = new ManualClock();
  const exporter = new InMemoryLogRecordExporter();
  const options = { exporter, clock, ...given };
  const { burst, provider } = front === 'processor' ? withProcessor(options) : withProvider(options);
  const logger = provider.getLogger('test');
  const exported = () => exporter.getFinishedLogRecords() as unknown as readonly ReadableLogRecordLike[];
  return {
    clock,
    exporter,
    burst,
    provider,
    /** Emits one record, in a trace if one is named. */
    log(severity: SeverityName | number | undefined, body: unknown, given: Emitted = {}) {
      const { traceName, loggerName, ...rest } = given;
      const severityNumber = typeof severity === 'string' ? Severity[severity] : severity;
      const from = loggerName === undefined ? logger : provider.getLogger(loggerName);
      const record = {
        body,
        context: traceName === undefined ? context.active() : inTrace(traceName),
        ...rest,
        ...(severityNumber === undefined ? {} : { severityNumber }),
      };
      from.emit(record as never);
    },
    exported,
    /** Bodies that have been exported; manifests and summaries are left out. */
    async bodies(): Promise<unknown[]> {
      await burst.forceFlush();
      return exported()
        .filter((record) => record.instrumentationScope.name !== 'burstlog')
        .map((record) => record.body);
    },
    async manifests(): Promise<readonly ReadableLogRecordLike[]> {
      await burst.forceFlush();
      return exported().filter((record) => record.eventName === 'burst.released');
    },
    async find(body: unknown): Promise<ReadableLogRecordLike> {
      await burst.forceFlush();
      const found = exported().find((record) => record.body === body);
      if (found === undefined) throw new Error(`no record ${String(body)} was exported`);
      return found;
    },
  };
}

/** A front end around a processor of the test: the processor form, or a provider in front of one with it. */
export function wrapping(front: FrontName, processor: LogRecordProcessorLike, options: BurstOptions = {}) {
  const sdk = new LoggerProvider({ processors: [processor as LogRecordProcessor] });
  if (front === 'provider') {
    const burst = new BurstLoggerProvider({ ...options, provider: sdk });
    const logger = burst.getLogger('test');
    return { burst, logger, take: (record: unknown) => logger.emit(record) };
  }
  const burst = new BurstLogRecordProcessor({ ...options, processor });
  const logger = new LoggerProvider({ processors: [burst] }).getLogger('test') as DeferredLogger;
  return { burst, logger, take: (record: unknown) => burst.onEmit(record as never) };
}

function withProcessor(options: BurstExporterOptions) {
  const burst = new BurstLogRecordProcessor(options);
  return { burst, provider: new LoggerProvider({ processors: [burst] }) };
}

function withProvider({ exporter, delivery, ...options }: BurstExporterOptions) {
  const { retry, ...batch } = delivery ?? {};
  const retrying =
    retry === false ? exporter : new RetryingLogRecordExporter({ ...retry, exporter, clock: options.clock });
  const { clock, maxBytes, meterProvider } = options;
  const common = { clock, meterProvider, ...(maxBytes === undefined ? {} : { maxQueueBytes: maxBytes }) };
  const processor = new PriorityBatchLogRecordProcessor({ ...batch, ...common, exporter: retrying });
  const provider = new LoggerProvider({ processors: [processor] });
  const burst = new BurstLoggerProvider({ ...options, provider });
  return { burst, provider: burst };
}

interface Emitted {
  readonly traceName?: string;
  readonly loggerName?: string;
  readonly attributes?: Record<string, unknown>;
  readonly timestamp?: number;
  readonly exception?: unknown;
  readonly eventName?: string;
  readonly severityText?: string;
}

/** A context inside the trace of this name. */
export function inTrace(name: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceIdOf(name),
    spanId: '00f067aa0ba902b7',
    traceFlags: 1,
  });
}

/** A valid trace id made from a short name. */
export function traceIdOf(name: string): string {
  return Buffer.from(name.padEnd(16, '.')).toString('hex').slice(0, 32);
}

/** The two sums of docs/burst.md, which hold at every moment. */
export function expectAccountsBalance(stats: BurstStats): void {
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  const held = stats.released + stats.discarded + sum(stats.evicted) + stats.holding;
  const left = stats.delivered + sum(stats.failed) + stats.pending;
  // A property asks thousands of times; expect() takes its time.
  if (held === stats.held && left === stats.released + stats.passed + stats.live) return;
  expect({ ...stats, held, left }).toEqual({
    ...stats,
    held: stats.held,
    left: stats.released + stats.passed + stats.live,
  });
}
