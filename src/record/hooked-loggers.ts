/**
 * Loggers whose records come through a module of this package, such as `burstlog/pino`: they need no instrumentation,
 * and may be loaded before burstlog. Kept on `globalThis`, since copies of this package can meet in one process.
 */
const KEY = Symbol.for('burstlog.hookedLoggers');

interface Place {
  [KEY]?: Set<string> | undefined;
}

/** @param logger the name of its package */
export function markHooked(logger: string): void {
  const place = globalThis as Place;
  place[KEY] ??= new Set();
  place[KEY].add(logger);
}

export function isHooked(logger: string): boolean {
  return (globalThis as Place)[KEY]?.has(logger) === true;
}
