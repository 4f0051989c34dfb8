import type { Sink } from './contract.ts';

/**
 * What a sink may have beyond {@link Sink}. The runner looks whether the methods are there.
 *
 * `prepare` is how a sink is exact over a crash when it changes places, such as files: the runner stores the state
 * that names the new place before anything is written there.
 */
export interface PreparingSink extends Sink {
  /**
   * Called before each `write`, with no other call under way.
   * @returns a state that must be on the disk before `write` is called; undefined: the last one still holds
   * @throws like `write`; a `RejectedError` has no meaning here
   */
  prepare(signal: AbortSignal): Promise<unknown>;
}

/** A sink with figures of its own. */
export interface CountingSink extends Sink {
  /** Running totals by name, such as `rejected_records`. */
  counters(): Readonly<Record<string, number>>;
}
