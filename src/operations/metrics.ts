import type { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metric, Sample } from './prometheus.ts';
import type { Snapshot } from './snapshot.ts';

/** A histogram of the event loop's delay; the types of Node 20 and 24 name it differently. */
export type LoopDelay = ReturnType<typeof monitorEventLoopDelay>;

const STATES = ['starting', 'ready', 'draining', 'failed'] as const;

/** All figures of the daemon, as metrics. */
export function metricsOf(
  { state, report }: Snapshot,
  loop: LoopDelay,
  resolutionMillis: number,
): readonly Metric[] {
  const { journal, receivers, sinks } = report;
  const ofReceivers = (value: (one: (typeof receivers)[number]) => number): Sample[] =>
    receivers.map((one) => ({ labels: { receiver: one.name }, value: value(one) }));
  const ofSinks = (value: (one: (typeof sinks)[number]) => number): Sample[] =>
    sinks.map((one) => ({ labels: { sink: one.name, type: one.type }, value: value(one) }));
  return [
    gauge('info', 'Always 1; the version is a label.', [{ labels: { version: report.version }, value: 1 }]),
    gauge(
      'state',
      '1 for the state that the daemon is in.',
      STATES.map((one) => ({ labels: { state: one }, value: one === state ? 1 : 0 })),
    ),
    gauge('uptime_seconds', 'Time since the start.', [{ value: report.upMillis / 1_000 }]),
    gauge('resident_memory_bytes', 'Memory of the process.', [{ value: process.memoryUsage.rss() }]),
    gauge('heap_used_bytes', 'Memory of JavaScript that is in use.', [
      { value: process.memoryUsage().heapUsed },
    ]),
    counter('cpu_seconds_total', 'Time of processors that the process took.', [{ value: cpuSeconds() }]),
    gauge('event_loop_delay_p99_seconds', 'Delay of the event loop, 99th percentile since the last scrape.', [
      { value: loopDelay(loop, resolutionMillis) },
    ]),
    gauge('journal_bytes', 'Size of the journal.', [{ value: journal.bytes }]),
    gauge('journal_max_bytes', 'Size from which on the journal is full.', [{ value: journal.maxBytes }]),
    gauge('journal_batches', 'Batches in the journal.', [{ value: journal.batches }]),
    gauge('journal_full', '1: nothing is taken at the moment.', [{ value: journal.isFull ? 1 : 0 }]),
    gauge('journal_producers', 'Senders that are remembered.', [{ value: journal.producers }]),
    counter(
      'journal_refused_batches_total',
      'Batches that found no room.',
      byCause([{ counts: journal.refused ?? {} }]),
    ),
    counter('own_records_lost_total', "Records of the daemon's own that did not come into the journal.", [
      { value: report.ownRecordsLost ?? 0 },
    ]),
    counter(
      'receiver_batches_total',
      'Batches taken.',
      ofReceivers(({ batches }) => batches),
    ),
    counter(
      'receiver_records_total',
      'Records taken.',
      ofReceivers(({ records }) => records),
    ),
    counter(
      'receiver_bytes_total',
      'Bytes taken, decompressed.',
      ofReceivers(({ bytes }) => bytes ?? 0),
    ),
    counter(
      'receiver_duplicates_total',
      'Batches that had been taken before.',
      ofReceivers(({ duplicates }) => duplicates),
    ),
    counter(
      'receiver_refused_batches_total',
      'Batches not taken.',
      byCause(receivers.map(({ name, refused }) => ({ labels: { receiver: name }, counts: refused }))),
    ),
    counter(
      'receiver_dropped_records_total',
      'Records that were read and lost.',
      byCause(receivers.map(({ name, dropped }) => ({ labels: { receiver: name }, counts: dropped }))),
    ),
    counter(
      'sink_written_records_total',
      'Records written.',
      ofSinks(({ written }) => written),
    ),
    counter(
      'sink_retries_total',
      'Writes that failed and were tried again.',
      ofSinks(({ retries }) => retries ?? 0),
    ),
    counter(
      'sink_dead_letters_total',
      'Records that were refused for good.',
      ofSinks(({ deadLetters }) => deadLetters),
    ),
    counter(
      'sink_lost_records_total',
      'Records that the sink will never see.',
      byCause(sinks.map(({ name, type, lost }) => ({ labels: { sink: name, type }, counts: lost }))),
    ),
    gauge(
      'sink_behind_batches',
      'Batches in the journal that it has not written.',
      ofSinks(({ behind }) => behind.batches),
    ),
    gauge(
      'sink_behind_records',
      'Records in the journal that it has not written.',
      ofSinks(({ behind }) => behind.records),
    ),
    gauge(
      'sink_behind_bytes',
      'Their size.',
      ofSinks(({ behind }) => behind.bytes),
    ),
    gauge(
      'sink_behind_seconds',
      'Age of the oldest of them.',
      ofSinks(({ behind }) => behind.ageMillis / 1_000),
    ),
    gauge(
      'sink_failing',
      '1: the last write failed, it tries again.',
      ofSinks(({ trouble }) => (trouble === undefined ? 0 : 1)),
    ),
    gauge(
      'sink_blocking',
      '1: it is too far behind, so nothing is taken.',
      ofSinks(({ isBlocking }) => (isBlocking === true ? 1 : 0)),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}

interface Counts {
  readonly labels?: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
}

function byCause(all: readonly Counts[]): readonly Sample[] {
  return all.flatMap(({ labels, counts }) =>
    Object.entries(counts).map(([cause, value]) => ({ labels: { ...labels, cause }, value })),
  );
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What lies above the resolution of the histogram, which counts it as delay. */
function loopDelay(loop: LoopDelay, resolutionMillis: number): number {
  const nanos = loop.percentile(99);
  loop.reset();
  return Number.isFinite(nanos) ? Math.max(0, nanos / 1e9 - resolutionMillis / 1e3) : 0;
}
