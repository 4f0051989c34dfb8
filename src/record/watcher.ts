/**
 * What `distlog doctor` listens with, in the process that it looks at. It is on `globalThis`, since copies of this
 * package can meet in one process.
 */
export interface Watcher {
  /** A burst was made: its processor or provider, what its options say, and what became of its records. */
  burst(owner: object, facts: BurstFacts): void;
  /** A burst begins to shut down: what is registered now may be gone at the exit. */
  ending(): void;
  /** It has shut down, and its counts do not change any more. */
  ended(): void;
  /** A warning of this package. */
  warning(text: string): void;
}

/** What a watcher learns of a burst. */
export interface BurstFacts {
  readonly name: string;
  /** Of a logger without a level of its own. */
  readonly level: number;
  readonly emitLevel: number;
  readonly burstLevel: number;
  readonly scope: string;
  readonly stats: () => object;
}

const KEY = Symbol.for('burstlog.watcher');

interface Place {
  [KEY]?: Watcher | undefined;
}

/** Undefined in every process but those that are looked at. */
export function watcher(): Watcher | undefined {
  return (globalThis as Place)[KEY];
}

export function watchWith(own: Watcher): void {
  (globalThis as Place)[KEY] = own;
}
