import type { Burstlog } from './options.ts';

/**
 * The key of the active setup in `globalThis`. The ESM and the CommonJS build can be loaded in one process.
 */
const KEY = Symbol.for('burstlog.setup');

interface Place {
  [KEY]?: Burstlog | undefined;
}

/** Returns the setup of `start()`, `burstlog/register` or `withBurstlog()` in this process, or undefined. */
export function activeBurstlog(): Burstlog | undefined {
  return (globalThis as Place)[KEY];
}

export function activate(started: Burstlog | undefined): void {
  (globalThis as Place)[KEY] = started;
}
