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

/** How failed exports are retried. */
export interface RetryOptions {
  /** The wait after the first failed attempt, in milliseconds from 1. Default 1000. */
  readonly initialBackoffMillis?: number | undefined;
  /** The longest wait, before jitter, in milliseconds from `initialBackoffMillis`. Default 30,000. */
  readonly maxBackoffMillis?: number | undefined;
  /** The factor by which each wait is longer than the previous one, from 1. Default 1.5. */
  readonly backoffMultiplier?: number | undefined;
  /**
   * The random part of a wait, 0 to 1: with 0.2, a wait of 10 s takes 8 to 12 s, so that the clients of a
   * restarted server do not retry at the same time. Default 0.2.
   */
  readonly jitter?: number | undefined;
  /**
   * How long one batch is retried, in milliseconds from 0, including attempts and waits; the last attempt
   * starts when this time has elapsed. 0 disables retries, Infinity retries without end. Default 300,000, as
   * in the Collector: enough for a restart or a rollout. OTLP/gRPC needs up to 1.6 times the duration of an
   * outage, because its channel has its own back-off.
   */
  readonly maxElapsedMillis?: number | undefined;
  /**
   * The timeout of one attempt, in milliseconds from 1. It must exceed the exporter's own timeout (OTLP: 10
   * s), otherwise a slow delivery is sent twice. Default 30,000.
   */
  readonly attemptTimeoutMillis?: number | undefined;
  /**
   * How long `forceFlush()` waits at most for exports in progress, in milliseconds from 0, unless its caller
   * passes `timeoutMillis`. Default 10,000.
   */
  readonly flushTimeoutMillis?: number | undefined;
  /**
   * Classifies the errors of an exporter that is not OTLP: whether to retry, or the minimum wait in
   * milliseconds. If it returns undefined or throws, the OTLP rules apply. Default: always undefined.
   */
  readonly isRetryable?:
    | ((error: unknown) => boolean | { readonly afterMillis: number } | undefined)
    | undefined;
  /** The source of time and timers, for tests. Default: the system clock. */
  readonly clock?: Clock | undefined;
  /** Returns random numbers from 0 to 1 for the jitter. Default: Math.random. */
  readonly random?: (() => number) | undefined;
}

/** The options of RetryingLogRecordExporter. */
export interface RetryingLogRecordExporterOptions extends RetryOptions {
  /** The wrapped exporter. It is shut down together with this one. */
  readonly exporter: LogRecordExporterLike;
}

/** The definitions of {@link RetryOptions}: bounds and defaults. */
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

/** The options with all defaults applied. */
export type ResolvedRetryOptions = ValueOf<typeof retryOptions>;

/** @throws RangeError or TypeError with option, expected and actual value */
export function resolveRetryOptions(given: RetryingLogRecordExporterOptions): ResolvedRetryOptions {
  return resolve(retryOptions, 'RetryingLogRecordExporter', given);
}
