import type { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  type DeliveryStats,
  PriorityBatchLogRecordProcessor,
  type PriorityBatchOptions,
} from '../../src/export/index.ts';
import {
  type LogRecordExporterLike,
  type LogRecordProcessorLike,
  type ReadableLogRecordLike,
  Severity,
  type SeverityName,
} from '../../src/record/index.ts';
import { RecordingExporter } from './exporters.ts';
import { ManualClock } from './manual-clock.ts';

/** The real SDK before the processor, a clock that stands still, and an exporter that takes everything. */
export function pipeline<E extends LogRecordExporterLike = RecordingExporter>(
  given: Omit<Partial<PriorityBatchOptions>, 'exporter'> & {
    readonly exporter?: E;
    readonly before?: LogRecordProcessorLike;
    readonly resource?: ReturnType<typeof resourceFromAttributes>;
  } = {},
) {
  const { exporter = new RecordingExporter() as unknown as E, before, resource, ...options } = given;
  const clock = new ManualClock();
  const processor = new PriorityBatchLogRecordProcessor({ exporter, clock, ...options });
  const provider = new LoggerProvider({
    processors: before === undefined ? [processor] : [before, processor],
    ...(resource === undefined ? {} : { resource }),
  });
  const logger = provider.getLogger('test');
  return {
    clock,
    exporter,
    processor,
    provider,
    log(body: unknown, severity?: SeverityName | number, attributes: Record<string, unknown> = {}) {
      const severityNumber = typeof severity === 'string' ? Severity[severity] : severity;
      const record = { body, attributes, ...(severityNumber === undefined ? {} : { severityNumber }) };
      logger.emit(record as Parameters<typeof logger.emit>[0]);
    },
  };
}

/** One turn of the event loop: what is due in it has happened after it. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
export const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
export const sizes = (exporter: RecordingExporter) => exporter.batches.map((batch) => batch.length);
export const failedRecords = ({ failed }: DeliveryStats) =>
  Object.values(failed).reduce((sum, count) => sum + count, 0);

export function expectBalance(stats: DeliveryStats): void {
  expect(stats.delivered + failedRecords(stats) + stats.pending).toBe(stats.received);
}

/** Whether a promise has settled, to be read after a turn of the event loop. */
export function watched(promise: Promise<unknown>): { settled: boolean } {
  const state = { settled: false };
  const settle = () => {
    state.settled = true;
  };
  promise.then(settle, settle);
  return state;
}

/**
 * Moves the clock by tenths of a second until the promise has settled.
 * @returns how long that took on the clock, in milliseconds
 */
export async function millisUntil(promise: Promise<unknown>, clock: ManualClock): Promise<number> {
  const state = watched(promise);
  const startedAt = clock.now();
  // The delivery gives the loop a turn after some milliseconds of work: on a slow machine after every batch.
  const settles = async () => {
    for (let turns = 0; turns < 20 && !state.settled; turns += 1) await turn();
    return state.settled;
  };
  while (!(await settles())) {
    if (clock.now() - startedAt > 300_000) throw new Error('not settled within five minutes');
    clock.advance(100);
  }
  return clock.now() - startedAt;
}

/** A record as another SDK might hand it over. */
export function handMade(body: unknown): ReadableLogRecordLike {
  return {
    hrTime: [1, 0],
    hrTimeObserved: [1, 0],
    body,
    severityNumber: Severity.INFO,
    resource: { attributes: {} },
    instrumentationScope: { name: 'test' },
    attributes: {},
    droppedAttributesCount: 0,
  };
}
