import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long work may block the event loop before it yields. */
const SLICE_MILLIS = 5;

/** Divides long work into slices. When `isOver` is true, call `pause` to yield to the event loop. */
export class Turns {
  #until = performance.now() + SLICE_MILLIS;

  /** Whether the current slice is used up. Cheap enough to be read often. */
  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** Yields to the event loop and starts a new slice. @throws the signal's reason if it is aborted */
  async pause(signal?: AbortSignal): Promise<void> {
    await nextTurn();
    signal?.throwIfAborted();
    this.#until = performance.now() + SLICE_MILLIS;
  }
}
