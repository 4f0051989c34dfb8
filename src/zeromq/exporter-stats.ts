import type { MeterProviderLike } from '../record/index.ts';
import type { ExportErrorCause } from './export-error.ts';

/** What became of the records of an exporter: received = exported + failed + pending. */
export interface ZmqExporterStats {
  readonly received: number;
  /** Ack mode: in the daemon's journal. Push mode: left the queue. */
  readonly exported: number;
  /** Lost, by cause. In ack mode a `timeout` or `shutdown` may have reached the journal. */
  readonly failed: Readonly<Record<ExportErrorCause, number>>;
  /** Records that wait or are under way, and their batches (ack) or messages (push). */
  readonly pending: number;
  readonly pendingBatches: number;
  /** Bytes under way (ack), or that wait (push). */
  readonly pendingBytes: number;
  /** Batches that were sent again. */
  readonly resent: number;
  /** How often another journal has answered. */
  readonly journalChanges: number;
}

const COMPONENT_TYPE = 'zmq_log_exporter';

/**
 * The exporter metrics of the semantic conventions (docs/otel/sdk-metrics.md), read from the counters when a
 * reader collects.
 */
export function reportExporter(
  meterProvider: MeterProviderLike,
  stats: () => ZmqExporterStats,
  componentName: string,
): void {
  const meter = meterProvider.getMeter('burstlog');
  const component = { 'otel.component.name': componentName, 'otel.component.type': COMPONENT_TYPE };
  const unit = '{log_record}';
  const exported = meter.createObservableCounter('otel.sdk.exporter.log.exported', {
    unit,
    description: 'Log records for which the export has finished, successfully or not',
  });
  const inflight = meter.createObservableUpDownCounter('otel.sdk.exporter.log.inflight', {
    unit,
    description: 'Log records which were passed to the exporter, but whose export has not finished',
  });
  exported.addCallback((result) => {
    const now = stats();
    result.observe(now.exported, component);
    for (const [fault, count] of Object.entries(now.failed)) {
      if (count > 0) result.observe(count, { ...component, 'error.type': fault });
    }
  });
  inflight.addCallback((result) => result.observe(stats().pending, component));
}
