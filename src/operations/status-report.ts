import type { Behind } from '../component/index.ts';

/** What the daemon answers at `/status`, JSON, and `distlogd status` prints. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  readonly upMillis: number;
  readonly journal: {
    readonly batches: number;
    readonly bytes: number;
    readonly maxBytes: number;
    /** Senders that are remembered. */
    readonly producers: number;
    /** It takes nothing at the moment: full, or the disk is. */
    readonly isFull: boolean;
    /** Batches that found no room, by cause. */
    readonly refused?: Readonly<Record<string, number>> | undefined;
  };
  /** Records of the daemon's own that did not come into the journal. */
  readonly ownRecordsLost?: number | undefined;
  readonly receivers: readonly {
    readonly name: string;
    readonly endpoint: string;
    readonly batches: number;
    readonly records: number;
    readonly bytes?: number | undefined;
    readonly duplicates: number;
    /** Batches that were not taken, by cause. */
    readonly refused: Readonly<Record<string, number>>;
    /** Records that are lost, by cause. */
    readonly dropped: Readonly<Record<string, number>>;
  }[];
  readonly sinks: readonly {
    readonly name: string;
    readonly type: string;
    /** `running`, `waiting` for the next attempt, `hung`, ... */
    readonly condition?: string | undefined;
    readonly behind: Behind;
    readonly retries?: number | undefined;
    /** It is too far behind, so nothing is taken. */
    readonly isBlocking?: boolean | undefined;
    readonly written: number;
    /** Records that it missed, by cause. */
    readonly lost: Readonly<Record<string, number>>;
    readonly deadLetters: number;
    /** What went wrong last, if it is trying again. */
    readonly trouble?: string | undefined;
  }[];
}
