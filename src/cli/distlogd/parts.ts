import type { LoadedConfig } from '../../daemon/index.ts';
import type { DataLayout } from '../../disk/index.ts';
import type { StatusReport } from '../../operations/index.ts';

/** A daemon that is ready: its sockets are open. */
export interface RunningDaemon {
  /** Takes on another configuration. @throws (rejects) with what cannot change; the old one goes on then */
  reload(loaded: LoadedConfig): Promise<void>;
  /** Closes the receivers, lets the sinks go on within `shutdown.drain`, closes. May be called twice. */
  stop(): Promise<void>;
  /** Resolves after `stop()`; rejects when the daemon cannot go on, e.g. after an error of the disk. */
  readonly ended: Promise<void>;
}

/** @throws (rejects) when it cannot start, with what to change; nothing is left open */
export type StartDaemon = (
  loaded: LoadedConfig,
  context: { readonly version: string },
) => Promise<RunningDaemon>;

/** Dead letters of one sink. */
export interface DeadLetterSummary {
  readonly sink: string;
  readonly entries: number;
  readonly records: number;
  readonly bytes: number;
  /** Why they were refused, with the number of entries. */
  readonly causes: Readonly<Record<string, number>>;
  readonly oldestMillis: number;
}

export interface DeadLetters {
  list(layout: DataLayout): Promise<readonly DeadLetterSummary[]>;
  /** Gives the dead letters of a sink to it again. @returns how many entries were handed back, how many there are now (also those refused again) */
  replay(loaded: LoadedConfig, sink: string): Promise<{ readonly taken: number; readonly left: number }>;
}

/** What the commands need of the daemon. A part that is absent is not built yet, and its command says so. */
export interface Parts {
  readonly startDaemon?: StartDaemon;
  readonly requestStatus?: (loaded: LoadedConfig) => Promise<StatusReport>;
  readonly deadLetters?: DeadLetters;
}
