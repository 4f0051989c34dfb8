import { receiverStats } from '../component/index.ts';
import type { Journal } from '../journal/index.ts';
import type { StatusReport } from '../operations/index.ts';
import type { NamedReceiver } from './receivers.ts';
import type { RunningSinks } from './running-sinks.ts';
import type { SelfLogs } from './self-logs.ts';

/** The parts of a report. */
export interface Reported {
  readonly version: string;
  readonly upMillis: number;
  /** The result of {@link neededMemory}. */
  readonly neededMemoryBytes: number;
  readonly journal: Journal;
  readonly receivers: readonly NamedReceiver[];
  readonly sinks: RunningSinks;
  readonly own: SelfLogs;
}

/** Returns the current statistics of all parts. */
export function reportOf({
  version,
  upMillis,
  neededMemoryBytes,
  journal,
  receivers,
  sinks,
  own,
}: Reported): StatusReport {
  return {
    version,
    pid: process.pid,
    upMillis,
    memory: { residentBytes: process.memoryUsage.rss(), neededBytes: neededMemoryBytes },
    journal: journal.stats(),
    selfLogs: own.stats(),
    receivers: receivers.map(({ name, receiver }) => ({
      name,
      endpoint: receiver.endpoint,
      ...receiverStats(receiver.counters),
    })),
    processors: sinks.processors,
    sinks: sinks.reports(),
  };
}
