/**
 * Node's timers, taken when this module is loaded: a test that fakes the globals later (jest, vitest, sinon)
 * does not stop a flush. Whatever they call runs outside the async context of the request that armed them: a
 * timer keeps the AsyncLocalStorage stores of its context alive, and one that arms itself again keeps them
 * forever.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';

const { clearTimeout, setImmediate, setTimeout } = timers;
const now = performance.now.bind(performance);
const outsideOfRequests = AsyncLocalStorage.snapshot();

export { clearTimeout };

/** Milliseconds of the monotonic clock, from an arbitrary start. */
export function monotonicNow(): number {
  return now();
}

/** `setTimeout`. Node turns delays beyond 2^31 - 1 into one millisecond; here they end at that. */
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
