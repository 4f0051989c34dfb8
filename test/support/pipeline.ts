import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import type { BurstExporterOptions } from '../../src/burst/options.ts';
import type { BurstStats } from '../../src/burst/stats.ts';
import type { ReadableLogRecordLike } from '../../src/record/otel.ts';
import { Severity, type SeverityName } from '../../src/record/severity.ts';
import { ManualClock } from './manual-clock.ts';

export type { SeverityName } from '../../src/record/severity.ts';

/** The real SDK with a burst in the exporter form, an exporter in memory, and a clock of ours. */
export function pipeline(options: Partial<BurstExporterOptions> = {}) {
  const clock = new ManualClock();
  const exporter = new InMemoryLogRecordExporter();
  const burst = new BurstLogRecordProcessor({ exporter, clock, ...options } as BurstExporterOptions);
  const provider = new LoggerProvider({ processors: [burst] });
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
      from.emit(record as Parameters<typeof from.emit>[0]);
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
