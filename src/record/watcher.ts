/**
 * Receives events for `distlog doctor`, in the process that it examines. The watcher is on `globalThis`,
 * because a process may contain several copies of this package.
 */
export interface Watcher {
  /** Called when a burst processor or provider was created. */
  burst(owner: object, facts: BurstFacts): void;
  /** Called when it starts to shut down. Global registrations may be removed afterwards. */
  ending(): void;
  /** Called when it has shut down and its counts are final. */
  ended(): void;
  /** Called for each warning of this package that is logged. */
  warning(text: string): void;
}

/** The options and counts of a burst processor or provider. */
export interface BurstFacts {
  readonly name: string;
  /** The level of a logger without its own level. */
  readonly level: number;
  readonly emitLevel: number;
  readonly burstLevel: number;
  readonly scope: string;
  readonly stats: () => object;
}

const KEY = Symbol.for('burstlog.watcher');

interface Global {
  [KEY]?: Watcher | undefined;
}

/** Returns the watcher, which exists only in a process that `distlog doctor` examines. */
export function watcher(): Watcher | undefined {
  return (globalThis as Global)[KEY];
}

export function watchWith(own: Watcher): void {
  (globalThis as Global)[KEY] = own;
}
