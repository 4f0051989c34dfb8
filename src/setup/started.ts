import type { BurstControls } from '../burst/index.ts';
import {
  attempt,
  errorText,
  type FlushOptionsLike,
  flushMillis,
  RateLimitedWarnings,
  type ResourceLike,
  systemClock,
  within,
} from '../record/index.ts';
import type { Burstlog } from './options.ts';

const FLUSH_MILLIS = 10_000;
const SHUTDOWN_MILLIS = 30_000;
const RESOURCE_MILLIS = 1_000;

/** A LoggerProvider or TracerProvider. */
export interface Provider {
  forceFlush(): Promise<unknown>;
  shutdown(): Promise<unknown>;
}

/** A provider that was registered. */
export interface Started<P extends Provider> {
  readonly provider: P;
  readonly takeBack: () => void;
}

/** What a set-up made, and how it ends. */
export interface Parts {
  /** Makes the logger of a last record, if the process crashes. */
  readonly logs?: { getLogger(name: string): object } | undefined;
  /** What delivers behind the burst, and is asked at the end for what it could not deliver. */
  readonly processors?: readonly object[] | undefined;
  /** Undefined: no log records are exported. */
  readonly burst: BurstControls | undefined;
  /** Flushed and shut down with it. None if the providers are those of another SDK. */
  readonly providers: readonly Provider[];
  /** Detectors that are still at work when it ends get a moment. */
  readonly resource?: ResourceLike | undefined;
  /** What takes back what was registered. */
  readonly takeBack: readonly (() => void)[];
}

/** A running set-up, as its user sees it. */
export function startedFrom(parts: Parts): Burstlog {
  const { burst, providers, resource, takeBack } = parts;
  let shutdown: Promise<void> | undefined;
  const all = async (millis: number, calls: readonly (() => Promise<unknown>)[]) => {
    await Promise.all(calls.map((call) => within(attempt(call), millis, systemClock, true)));
  };
  const end = async () => {
    if (resource?.asyncAttributesPending) {
      await all(RESOURCE_MILLIS, [async () => resource.waitForAsyncAttributes?.()]);
    }
    // What belongs to another SDK is flushed; its owner ends it.
    const foreign = providers.length === 0 && burst !== undefined ? [() => burst.forceFlush()] : [];
    await all(SHUTDOWN_MILLIS, [...providers.map((provider) => () => provider.shutdown()), ...foreign]);
    undo(takeBack);
  };
  return {
    burst: (options) => burst?.burst(options),
    discard: (options) => burst?.discard(options) ?? 0,
    configure: (rules) => burst?.configure(rules) ?? (() => {}),
    stats: () => burst?.stats(),
    forceFlush: (options?: FlushOptionsLike) => {
      const timeoutMillis = flushMillis(options, FLUSH_MILLIS);
      const flushes = providers.map((provider) => () => provider.forceFlush());
      const own = burst === undefined ? [] : [() => burst.forceFlush({ timeoutMillis })];
      return all(timeoutMillis, [...flushes, ...own]);
    },
    shutdown: () => {
      shutdown ??= end();
      return shutdown;
    },
  };
}

/** Takes back what was done, all of it: an instrumentation of the application may throw. */
export function undo(steps: readonly (() => void)[]): void {
  const warnings = new RateLimitedWarnings('burstlog', systemClock);
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      warnings.warn('undo', `what was registered could not be taken back: ${errorText(error)}`);
    }
  }
}
