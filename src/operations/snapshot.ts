import type { StatusReport } from './status-report.ts';

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
