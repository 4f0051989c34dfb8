/**
 * Node's timers, captured when this module is loaded, so that faked globals (jest, vitest, sinon) do not stop
 * a flush. Callbacks run outside the async context of the request that armed the timer: a timer keeps the
 * AsyncLocalStorage stores of its context alive, and one that rearms itself would keep them forever.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';

const { clearTimeout, setImmediate, setTimeout } = timers;
const now = performance.now.bind(performance);
const outsideOfRequests = AsyncLocalStorage.snapshot();

export { clearTimeout };

/** Returns the milliseconds of the monotonic clock, from an arbitrary start. */
export function monotonicNow(): number {
  return now();
}

/** `setTimeout` with delays clamped to 2^31 - 1; Node would turn a longer delay into one millisecond. */
export function armTimeout(callback: () => void, delayMillis: number): NodeJS.Timeout {
  return outsideOfRequests(setTimeout, callback, Math.min(delayMillis, 2_147_483_647));
}

/** `setImmediate`. */
export function armImmediate(callback: () => void): NodeJS.Immediate {
  return outsideOfRequests(setImmediate, callback);
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => armImmediate(resolve));
}
