import type {
  JournalStats,
  ProcessorStats,
  ReceiverStats,
  SelfLogStats,
  SinkStats,
} from '../component/index.ts';

/** The statistics of all parts, which `/status` returns as JSON and `distlogd status` prints. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  readonly upMillis: number;
  readonly memory: {
    /** The current memory of the process. */
    readonly residentBytes: number;
    /** The maximum memory according to its limits. */
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

/** The state of the daemon. */
export interface DaemonState {
  readonly state: 'starting' | 'ready' | 'draining' | 'failed';
  /** The reason why it is not ready. */
  readonly reason?: string | undefined;
  /** The reason why it accepts no records although it is ready. */
  readonly blocked?: string | undefined;
}

/** The current state and report of the daemon. */
export interface Snapshot extends DaemonState {
  readonly report: StatusReport;
}
