import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import {
  attempt,
  type FlushOptionsLike,
  Severity,
  systemClock,
  undeliveredOf,
  within,
} from '../record/index.ts';
import { code, group, millis, resolve, type ValueOf, withMethods } from '../settings/index.ts';
import { ENDING, type Ending, type EndingAware } from './ending.ts';
import { type Fallback, writeFallback } from './fallback.ts';
import { handledElsewhere, OURS } from './other-listeners.ts';

/** What is flushed when the process ends, for example a LoggerProvider or a processor. */
export interface ShutdownTarget {
  /** Resolves when all pending records have been exported. */
  forceFlush(options?: FlushOptionsLike): Promise<void>;
  /** Flushes and stops the target. */
  shutdown(): Promise<void>;
}

/** The options of `installShutdownHooks`. */
export interface ShutdownHookOptions {
  /** How long the process waits for the last export, in milliseconds. Default 5,000. */
  readonly timeoutMillis?: number | undefined;
  /** Signals after which the targets are shut down. Default SIGTERM and SIGINT. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /**
   * Where records are written that can no longer be exported and are in no black box: standard error, or a
   * file, as lines of OTLP/JSON, which `distlog` reads. Default: nowhere.
   */
  readonly fallback?: 'stderr' | { readonly file: string } | undefined;
}

/** The bounds and defaults of {@link ShutdownHookOptions}. */
export const hookOptions = group({
  timeoutMillis: millis({ min: 0, default: 5_000 }),
  signals: code({
    expected: 'an array of signal names',
    parse: asSignals,
    default: ['SIGTERM', 'SIGINT'],
  }),
  fallback: code({ expected: '"stderr" or { file: path }', parse: asFallback, absent: 'nowhere' }),
});

function asSignals(value: unknown): readonly NodeJS.Signals[] | undefined {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
    ? (value as NodeJS.Signals[])
    : undefined;
}

function asFallback(value: unknown): Fallback | undefined {
  if (value === 'stderr') return value;
  const isFile = typeof value === 'object' && value !== null && Object.keys(value).join() === 'file';
  return isFile && typeof (value as { file: unknown }).file === 'string' ? (value as Fallback) : undefined;
}

/** The exit code of Node.js after an uncaught exception. */
const UNCAUGHT_EXIT_CODE = 1;
/** Added to the signal number if the process cannot end by the signal itself. */
const SIGNAL_EXIT_CODE = 128;
/** The kernel ignores signals to process 1 that have no listener. */
const INIT_PID = 1;
const SIGNAL_NUMBERS: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGTERM: 15,
};

/**
 * Exports the last records when the process ends, for every kind of end that JavaScript can observe: an empty
 * event loop, SIGTERM, SIGINT, an uncaught exception, an unhandled rejection, `process.exit()`, the end of a
 * worker thread. After a failure (exception, rejection, exit code other than 0) a `BurstLogRecordProcessor`
 * first releases all held records, without limit, and a provider emits a FATAL record with the exception.
 *
 * The process ends as Node.js would have ended it: with the same exit code or signal. If the application has
 * its own listener for the signal or the exception, it decides what happens: the targets are only flushed.
 * After `process.exit()` nothing can be exported. A black box keeps those records for the next start; without
 * one they are written to `fallback`.
 *
 * - **Bounded**: the process waits at most `timeoutMillis`; a second signal ends it at once.
 * - **Stops**: the returned function removes all listeners.
 *
 * @param targets a provider and, to release held records after a failure, the processor behind it
 * @throws TypeError or RangeError if an argument is invalid
 */
export function installShutdownHooks(
  targets: ShutdownTarget | readonly ShutdownTarget[],
  options: ShutdownHookOptions = {},
): () => void {
  const resolved = resolve(hookOptions, 'installShutdownHooks', options);
  const list = Array.isArray(targets) ? (targets as readonly ShutdownTarget[]) : [targets as ShutdownTarget];
  for (const target of list) withMethods('target', target, ['forceFlush', 'shutdown']);
  const hooks = new ShutdownHooks(list, resolved);
  return () => hooks.remove();
}

// biome-ignore lint/suspicious/noExplicitAny: each event of the process has its own arguments.
type Listener = (...args: any[]) => void;

class ShutdownHooks {
  readonly #targets: readonly ShutdownTarget[];
  readonly #timeoutMillis: number;
  readonly #fallback: Fallback | undefined;
  readonly #listeners: [event: string, listener: Listener][] = [];
  #shutdown: Promise<{ readonly inTime: boolean }> | undefined;
  #isSignalled = false;
  #hasFlushedAtEnd = false;

  constructor(
    targets: readonly ShutdownTarget[],
    { timeoutMillis, signals, fallback }: ValueOf<typeof hookOptions>,
  ) {
    this.#targets = targets;
    this.#timeoutMillis = timeoutMillis;
    this.#fallback = fallback;
    this.#listen('beforeExit', () => this.#beforeExit());
    this.#listen('exit', (code: number) => {
      this.#announce({ kind: 'exit', code });
      this.#fallBack();
    });
    this.#listen('uncaughtException', (error: unknown, origin: 'uncaughtException' | 'unhandledRejection') =>
      this.#uncaught({ kind: origin, error }),
    );
    // A worker thread receives no signals.
    if (!process.getBuiltinModule('node:worker_threads').isMainThread) return;
    for (const signal of signals) this.#listen(signal, () => this.#signalled(signal));
  }

  remove(): void {
    for (const [event, listener] of this.#listeners.splice(0)) process.off(event, listener);
  }

  #listen(event: string, listener: Listener): void {
    Object.defineProperty(listener, OURS, { value: true });
    this.#listeners.push([event, listener]);
    process.on(event, listener);
  }

  /** The event loop is empty. A listener of the application may schedule more work. */
  #beforeExit(): void {
    if (this.#hasFlushedAtEnd) return;
    this.#hasFlushedAtEnd = true;
    if (handledElsewhere('beforeExit')) void this.#flush();
    // A pending retry would keep the process alive.
    else void this.#end().then(({ inTime }) => inTime || process.exit());
  }

  #signalled(signal: NodeJS.Signals): void {
    if (handledElsewhere(signal)) {
      void this.#flush();
      return;
    }
    if (this.#isSignalled) return this.#endBy(signal);
    this.#isSignalled = true;
    // The first signal does not cut off an end that has begun for another reason.
    if (this.#shutdown === undefined) this.#announce({ kind: 'signal', signal });
    void this.#end().then(() => this.#endBy(signal));
  }

  /** Ends the process by the signal, so that its parent process sees the expected status. */
  #endBy(signal: NodeJS.Signals): void {
    this.remove();
    this.#fallBack();
    if (process.pid === INIT_PID) process.exit(SIGNAL_EXIT_CODE + (SIGNAL_NUMBERS[signal] ?? 0));
    process.kill(process.pid, signal);
  }

  #uncaught(ending: Ending & { readonly error: unknown }): void {
    if (handledElsewhere('uncaughtException')) {
      void this.#flush();
      return;
    }
    print(ending.error);
    if (this.#shutdown !== undefined) return;
    this.#announce(ending);
    this.#emitFatal(ending);
    void this.#end().then(() => process.exit(UNCAUGHT_EXIT_CODE));
  }

  #announce(ending: Ending): void {
    for (const target of this.#targets) {
      try {
        (target as Partial<EndingAware>)[ENDING]?.(ending);
      } catch {
        // The process ends; the next target is still notified.
      }
    }
  }

  /** Writes undelivered records to the fallback, because nothing can be exported any more. */
  #fallBack(): void {
    if (this.#fallback !== undefined) writeFallback(this.#fallback, this.#targets.flatMap(undeliveredOf));
  }

  #emitFatal({ kind, error }: Ending & { readonly error: unknown }): void {
    try {
      const provider = this.#targets.find((target) => 'getLogger' in target) as LoggerMaker | undefined;
      const exception = error instanceof Error ? error : new Error(inspect(error));
      provider?.getLogger('burstlog').emit({
        severityNumber: Severity.FATAL,
        severityText: 'FATAL',
        body: `${kind === 'uncaughtException' ? 'uncaught exception' : 'unhandled rejection'}: ${exception.message}`,
        attributes: {
          'exception.type': exception.name,
          'exception.message': exception.message,
          'exception.stacktrace': String(exception.stack),
        },
      });
    } catch {
      // The thrown value cannot be inspected.
    }
  }

  #flush(): Promise<unknown> {
    const timeoutMillis = this.#timeoutMillis;
    const flushes = this.#targets.map((target) => attempt(() => target.forceFlush({ timeoutMillis })));
    return within(Promise.allSettled(flushes), timeoutMillis, systemClock, true);
  }

  #end(): Promise<{ readonly inTime: boolean }> {
    this.#shutdown ??= within(
      Promise.allSettled(this.#targets.map((target) => attempt(() => target.shutdown()))),
      this.#timeoutMillis,
      systemClock,
      true,
    );
    return this.#shutdown;
  }
}

interface LoggerMaker {
  getLogger(name: string): { emit(record: object): void };
}

/** Prints an uncaught exception like Node.js, except for the source line. */
function print(error: unknown): void {
  try {
    const text = error instanceof Error ? inspect(error) : `Uncaught ${inspect(error)}`;
    writeSync(process.stderr.fd ?? 2, `${text}\n\nNode.js ${process.version}\n`);
  } catch {
    // Standard error is closed.
  }
}
