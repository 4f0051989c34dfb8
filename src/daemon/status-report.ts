import type { Behind } from './contract.ts';

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
  };
  readonly receivers: readonly {
    readonly name: string;
    readonly endpoint: string;
    readonly batches: number;
    readonly records: number;
    readonly duplicates: number;
    /** Batches that were not taken, by cause. */
    readonly refused: Readonly<Record<string, number>>;
    /** Records that are lost, by cause. */
    readonly dropped: Readonly<Record<string, number>>;
  }[];
  readonly sinks: readonly {
    readonly name: string;
    readonly type: string;
    readonly behind: Behind;
    readonly written: number;
    /** Records that it missed, by cause. */
    readonly lost: Readonly<Record<string, number>>;
    readonly deadLetters: number;
    /** What went wrong last, if it is trying again. */
    readonly trouble?: string | undefined;
  }[];
}
