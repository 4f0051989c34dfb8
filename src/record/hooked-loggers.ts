/**
 * The logging libraries whose records arrive through a module of this package, such as `burstlog/pino`. They
 * need no instrumentation, and may be loaded before burstlog. The set is on `globalThis`, because a process
 * may contain several copies of this package.
 */
const KEY = Symbol.for('burstlog.hookedLoggers');

interface Global {
  [KEY]?: Set<string> | undefined;
}

/** @param logger the package name of the logging library */
export function markHooked(logger: string): void {
  const global = globalThis as Global;
  global[KEY] ??= new Set();
  global[KEY].add(logger);
}

export function isHooked(logger: string): boolean {
  return (globalThis as Global)[KEY]?.has(logger) === true;
}
