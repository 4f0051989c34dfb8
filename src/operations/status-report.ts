import type { JournalStats, ReceiverStats, SelfLogStats, SinkStats } from '../component/index.ts';

/** What the daemon answers at `/status`, JSON, and `distlogd status` prints: the statistics of its parts, as they are. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  readonly upMillis: number;
  readonly memory: {
    /** Of the process, now. */
    readonly residentBytes: number;
    /** What it needs at most by its limits. */
    readonly neededBytes: number;
  };
  readonly journal: JournalStats;
  readonly selfLogs: SelfLogStats;
  readonly receivers: readonly ReceiverReport[];
  readonly sinks: readonly SinkReport[];
}

export interface ReceiverReport extends ReceiverStats {
  readonly name: string;
  readonly endpoint: string;
}

export interface SinkReport extends SinkStats {
  readonly type: string;
}
