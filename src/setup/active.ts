import type { Burstlog } from './options.ts';

/** Where the running set-up is kept: copies of this package for ES modules and for CommonJS can meet in one process. */
const KEY = Symbol.for('burstlog.setup');

interface Place {
  [KEY]?: Burstlog | undefined;
}

/** What `start()`, `burstlog/register` or `withBurstlog()` set up in this process; undefined if nothing runs. */
export function activeBurstlog(): Burstlog | undefined {
  return (globalThis as Place)[KEY];
}

export function activate(started: Burstlog | undefined): void {
  (globalThis as Place)[KEY] = started;
}
