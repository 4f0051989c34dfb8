import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long work may hold the event loop before it lets others run. */
const SLICE_MILLIS = 5;

/** Cuts long work into slices: `pause` gives the event loop a turn when the slice is used up. */
export class Turns {
  #until = performance.now() + SLICE_MILLIS;

  /** Whether it is time. Cheap: ask often. */
  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** @throws the signal's reason when it is aborted */
  async pause(signal?: AbortSignal): Promise<void> {
    await nextTurn();
    signal?.throwIfAborted();
    this.#until = performance.now() + SLICE_MILLIS;
  }
}
