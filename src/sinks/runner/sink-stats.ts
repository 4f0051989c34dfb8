import type { Behind } from '../../component/index.ts';

/** Batches (entries of the journal) and the records in them. */
export interface BatchCount {
  readonly batches: number;
  readonly records: number;
}

/**
 * Why a sink will never see entries: it was too far behind (`behind_bytes`, `behind_age`; with `onFull: skip`), the
 * journal had them no more (`trimmed`; batches only), or the bound of the dead letters took them (`dead_letters`).
 */
export type LossCause = 'behind_bytes' | 'behind_age' | 'trimmed' | 'dead_letters';

/** What a sink has done since it was started, and how it is. */
export interface SinkStats {
  readonly name: string;
  /**
   * `opening`, `running`; `waiting` for the next attempt after a failure; `hung`: a call of the sink does not come
   * back, though its signal was aborted; `stopped`.
   */
  readonly condition: 'new' | 'opening' | 'running' | 'waiting' | 'hung' | 'stopped';
  readonly written: BatchCount & { readonly bytes: number };
  /** Calls that failed and came again. */
  readonly retries: number;
  /** What was rejected and is kept, or was. */
  readonly deadLetters: BatchCount;
  readonly rejected: Readonly<Record<string, BatchCount>>;
  readonly lost: Readonly<Record<LossCause, BatchCount>>;
  /** It is too far behind, and nothing may be taken in until it is not. */
  readonly blocking: boolean;
  readonly behind: Behind;
  /** What went wrong last, while it is trying again. */
  readonly trouble?: string | undefined;
  /** What went wrong last, also if it is over. */
  readonly lastError?: { readonly text: string; readonly atMillis: number } | undefined;
  /** The sink's own figures, by name. */
  readonly own: Readonly<Record<string, number>>;
}

/** Adds up what happens to entries. */
export class SinkCounters {
  readonly written = { batches: 0, records: 0, bytes: 0 };
  readonly deadLetters = { batches: 0, records: 0 };
  readonly lost: Record<LossCause, { batches: number; records: number }> = {
    behind_bytes: { batches: 0, records: 0 },
    behind_age: { batches: 0, records: 0 },
    trimmed: { batches: 0, records: 0 },
    dead_letters: { batches: 0, records: 0 },
  };
  readonly rejected = new Map<string, { batches: number; records: number }>();
  retries = 0;

  addRejected(cause: string, records: number): void {
    // A sink that makes causes out of data would fill the memory.
    const name = this.rejected.has(cause) || this.rejected.size < 64 ? cause : 'other';
    const found = this.rejected.get(name) ?? { batches: 0, records: 0 };
    this.rejected.set(name, { batches: found.batches + 1, records: found.records + records });
  }

  addLost(cause: LossCause, batches: number, records: number): void {
    this.lost[cause].batches += batches;
    this.lost[cause].records += records;
  }
}
