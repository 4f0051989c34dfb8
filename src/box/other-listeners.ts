/** Marks the listeners of this package, including other copies of it. */
export const OURS: unique symbol = Symbol.for('burstlog.shutdown-hook');

/** The number of listeners that `signal-exit` (versions 4 and 3) has registered for each signal. */
interface SignalExit {
  readonly count?: unknown;
}

/**
 * Whether the application handles an event of the process itself. `signal-exit`, which many packages load,
 * does not count: it only observes, and leaves the end of the process to the remaining listener.
 */
export function handledElsewhere(event: string): boolean {
  const others = process.listeners(event as NodeJS.Signals).filter((listener) => !(OURS in listener));
  return others.length > (event.startsWith('SIG') ? watchers() : 0);
}

function watchers(): number {
  const version4 = (globalThis as Record<symbol, SignalExit | undefined>)[Symbol.for('signal-exit emitter')];
  const version3 = (process as { __signal_exit_emitter__?: SignalExit }).__signal_exit_emitter__;
  return countOf(version4) + countOf(version3);
}

function countOf(emitter: SignalExit | undefined): number {
  return typeof emitter?.count === 'number' ? emitter.count : 0;
}
