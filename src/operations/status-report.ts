import type {
  JournalStats,
  ProcessorStats,
  ReceiverStats,
  SelfLogStats,
  SinkStats,
} from '../component/index.ts';

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
  readonly processors: readonly ProcessorStats[];
  readonly sinks: readonly SinkReport[];
}

export interface ReceiverReport extends ReceiverStats {
  readonly name: string;
  readonly endpoint: string;
}

export interface SinkReport extends SinkStats {
  readonly type: string;
}

/** What the daemon is doing. */
export interface DaemonState {
  readonly state: 'starting' | 'ready' | 'draining' | 'failed';
  /** Why it is not ready. */
  readonly reason?: string | undefined;
  /** Why it takes nothing at the moment, although it is ready. */
  readonly blocked?: string | undefined;
}

/** The daemon as it is now. */
export interface Snapshot extends DaemonState {
  readonly report: StatusReport;
}
