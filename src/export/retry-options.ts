import { CLOCK_METHODS, type Clock, type LogRecordExporterLike, systemClock } from '../record/index.ts';
import {
  atMost,
  functions,
  group,
  methods,
  millis,
  number,
  resolve,
  type ValueOf,
} from '../settings/index.ts';

/** How failed exports are tried again. */
export interface RetryOptions {
  /** The wait after the first failed attempt, in milliseconds from 1. Default 1000. */
  readonly initialBackoffMillis?: number | undefined;
  /** The longest wait, before jitter, in milliseconds from `initialBackoffMillis`. Default 30,000. */
  readonly maxBackoffMillis?: number | undefined;
  /** By how much each wait is longer than the one before, from 1. Default 1.5. */
  readonly backoffMultiplier?: number | undefined;
  /**
   * How far a wait is moved at random, 0 to 1: 0.2 makes 10 s anything from 8 to 12 s, so that the clients of
   * a server that comes back do not come back together. Default 0.2.
   */
  readonly jitter?: number | undefined;
  /**
   * How long one batch is tried for, in milliseconds from 0, attempts and waits together; the last attempt
   * begins when it is over. 0 tries once, Infinity never stops. Default 300,000, as in the Collector: time
   * for a restart or a rollout. OTLP/gRPC needs up to 1.6 times an outage, for its channel backs off by
   * itself.
   */
  readonly maxElapsedMillis?: number | undefined;
  /**
   * When an exporter that has not called back counts as failed, in milliseconds from 1. Keep it above the
   * exporter's own time-out (OTLP: 10 s), else a slow delivery is sent twice. Default 30,000.
   */
  readonly attemptTimeoutMillis?: number | undefined;
  /**
   * How long `forceFlush()` waits at most for the exports under way, in milliseconds from 0, unless its
   * caller says `timeoutMillis`. Default 10,000.
   */
  readonly flushTimeoutMillis?: number | undefined;
  /**
   * Judges the errors of an exporter that is not OTLP: whether, or after how many milliseconds at the
   * earliest, to try again; undefined leaves it to the rules of OTLP, and so does a throw. Default: always
   * undefined.
   */
  readonly isRetryable?:
    | ((error: unknown) => boolean | { readonly afterMillis: number } | undefined)
    | undefined;
  /** Time and timers. Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** Random numbers from 0 to 1 for the jitter. Default: Math.random. */
  readonly random?: (() => number) | undefined;
}

/** The exporter that does the work, and how it is retried. */
export interface RetryingLogRecordExporterOptions extends RetryOptions {
  /** Makes each attempt. It is shut down together with this one. */
  readonly exporter: LogRecordExporterLike;
}

/** The bounds and defaults of {@link RetryOptions}. */
export const retryFields = {
  initialBackoffMillis: millis({ min: 1, default: 1_000 }),
  maxBackoffMillis: millis({ min: 1, default: 30_000 }),
  backoffMultiplier: number({ min: 1, default: 1.5 }),
  jitter: number({ min: 0, max: 1, default: 0.2 }),
  maxElapsedMillis: millis({ min: 0, default: 300_000 }),
  attemptTimeoutMillis: millis({ min: 1, default: 30_000 }),
  flushTimeoutMillis: millis({ min: 0, default: 10_000 }),
  isRetryable: functions<NonNullable<RetryOptions['isRetryable']>>()({ default: () => undefined }),
  clock: methods<Clock>()(CLOCK_METHODS, { default: systemClock }),
  random: functions<() => number>()({ default: Math.random }),
};

export const retryChecks = [atMost('millis', 'initialBackoffMillis', 'maxBackoffMillis')];

const retryOptions = group(
  { exporter: methods<LogRecordExporterLike>()(['export', 'shutdown'], {}), ...retryFields },
  { checks: retryChecks },
);

/** Every option with its value. */
export type ResolvedRetryOptions = ValueOf<typeof retryOptions>;

/** @throws RangeError or TypeError that says option, expected and value */
export function resolveRetryOptions(given: RetryingLogRecordExporterOptions): ResolvedRetryOptions {
  return resolve(retryOptions, 'RetryingLogRecordExporter', given);
}
