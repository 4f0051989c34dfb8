import { ComponentMetrics, type MeterProviderLike } from '../record/index.ts';
import type { ExportErrorCause } from './export-error.ts';

/** Counts of the records of an exporter: received = exported + failed + pending. */
export interface ZmqExporterStats {
  /** Records passed to `export()`. */
  readonly received: number;
  /** Ack mode: records in the daemon's journal. Push mode: records that left the queue. */
  readonly exported: number;
  /**
   * Lost records, by cause. In ack mode records of a `timeout` or `shutdown` may have reached the journal.
   */
  readonly failed: Readonly<Record<ExportErrorCause, number>>;
  /** Records that are queued or in flight. */
  readonly pending: number;
  /** Their batches (ack mode) or messages (push mode). */
  readonly pendingBatches: number;
  /** Bytes in flight (ack mode) or queued (push mode). */
  readonly pendingBytes: number;
  /** Batches that were resent. */
  readonly resent: number;
  /** How often the daemon replied with a different journal. */
  readonly journalChanges: number;
}

/** The exporter metrics of the semantic conventions (docs/otel/sdk-metrics.md). */
export function exporterMetrics(
  meterProvider: MeterProviderLike,
  componentName: string | undefined,
  stats: () => ZmqExporterStats,
): ComponentMetrics {
  const metrics = new ComponentMetrics(meterProvider, 'zmq_log_exporter', componentName);
  const unit = '{log_record}';
  metrics.counter(
    'otel.sdk.exporter.log.exported',
    { unit, description: 'Log records for which the export has finished, successfully or not' },
    (observe) => {
      const { exported, failed } = stats();
      observe(exported);
      for (const [cause, count] of Object.entries(failed)) {
        if (count > 0) observe(count, { 'error.type': cause });
      }
    },
  );
  metrics.level(
    'otel.sdk.exporter.log.inflight',
    { unit, description: 'Log records which were passed to the exporter, but whose export has not finished' },
    (observe) => observe(stats().pending),
  );
  return metrics;
}
