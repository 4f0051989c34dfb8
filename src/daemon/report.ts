import type { Journal } from '../journal/index.ts';
import type { StatusReport } from '../operations/index.ts';
import type { SinkStats } from '../sinks/runner/index.ts';
import type { NamedReceiver } from './make-receivers.ts';
import type { OwnRecords } from './own-records.ts';
import type { RunningSinks } from './running-sinks.ts';

/** What a report is made from. */
export interface Reported {
  readonly version: string;
  readonly startedMillis: number;
  readonly journal: Journal;
  readonly maxBytes: number;
  readonly receivers: readonly NamedReceiver[];
  readonly sinks: RunningSinks;
  readonly own: OwnRecords;
}

/** The whole daemon in figures, as it is now. */
export function reportOf({
  version,
  startedMillis,
  journal,
  maxBytes,
  receivers,
  sinks,
  own,
}: Reported): StatusReport {
  const { bytes, producers, full, isFull } = journal.stats();
  return {
    version,
    pid: process.pid,
    upMillis: Date.now() - startedMillis,
    journal: {
      batches: journal.next - journal.first,
      bytes,
      maxBytes,
      producers,
      isFull: sinks.isBlocking || isFull,
      refused: { ...full },
    },
    ownRecordsLost: own.lost,
    receivers: receivers.map(({ name, receiver }) => ({
      name,
      endpoint: receiver.endpoint,
      batches: receiver.counters.batches,
      records: receiver.counters.records,
      bytes: receiver.counters.bytes,
      duplicates: receiver.counters.duplicates,
      refused: Object.fromEntries(receiver.counters.refused),
      dropped: Object.fromEntries(receiver.counters.dropped),
    })),
    sinks: sinks.all.map(({ config, runner }) => sinkReport(config.type, runner.stats())),
  };
}

function sinkReport(type: string, stats: SinkStats): StatusReport['sinks'][number] {
  const lost = Object.entries(stats.lost)
    .filter(([, { batches }]) => batches > 0)
    .map(([cause, { records }]) => [cause, records] as const);
  return {
    name: stats.name,
    type,
    condition: stats.condition,
    behind: stats.behind,
    written: stats.written.records,
    retries: stats.retries,
    lost: Object.fromEntries(lost),
    deadLetters: stats.deadLetters.records,
    isBlocking: stats.blocking,
    ...(stats.trouble === undefined ? {} : { trouble: stats.trouble }),
  };
}
