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

/** A registered provider. */
export interface Started<P extends Provider> {
  readonly provider: P;
  readonly unregister: () => void;
}

/** The components of a setup, and how it is undone. */
export interface Parts {
  /** Emits a last record if the process crashes. */
  readonly logs?: { getLogger(name: string): object } | undefined;
  /** The processors behind the burst, which return their undelivered records when the process ends. */
  readonly processors?: readonly object[] | undefined;
  /** Undefined if no log records are exported. */
  readonly burst: BurstControls | undefined;
  /** Flushed and shut down together with the burst. Empty if the providers belong to another SDK. */
  readonly providers: readonly Provider[];
  /** Pending resource detectors are awaited briefly at shutdown. */
  readonly resource?: ResourceLike | undefined;
  /** Undo the registrations. */
  readonly undoSteps: readonly (() => void)[];
}

/** Creates the public handle of a setup. */
export function startedFrom(parts: Parts): Burstlog {
  const { burst, providers, resource, undoSteps } = parts;
  let shutdown: Promise<void> | undefined;
  const all = async (millis: number, calls: readonly (() => Promise<unknown>)[]) => {
    await Promise.all(calls.map((call) => within(attempt(call), millis, systemClock, true)));
  };
  const end = async () => {
    if (resource?.asyncAttributesPending) {
      await all(RESOURCE_MILLIS, [async () => resource.waitForAsyncAttributes?.()]);
    }
    // Providers of another SDK are only flushed; their owner shuts them down.
    const foreign = providers.length === 0 && burst !== undefined ? [() => burst.forceFlush()] : [];
    await all(SHUTDOWN_MILLIS, [...providers.map((provider) => () => provider.shutdown()), ...foreign]);
    undo(undoSteps);
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

/** Runs all undo steps, even if one throws, such as an instrumentation of the application. */
export function undo(steps: readonly (() => void)[]): void {
  const warnings = new RateLimitedWarnings('burstlog', systemClock);
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      warnings.warn('undo', `a registration could not be removed: ${errorText(error)}`);
    }
  }
}
