import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, diag, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import { globalLoggerProvider, type LoggerLike, type LoggerProviderLike } from '../record/index.ts';
import { RandomIds } from './ids.ts';

/**
 * All state of this room. It is on `globalThis`, because a process may contain an ES module copy and a
 * CommonJS copy of this package, which must share the current task. Only its fields are used, never
 * `instanceof`.
 */
interface SharedState {
  /** The context of the current task if no context manager is registered. Created on first use. */
  storage: AsyncLocalStorage<Context> | undefined;
  /** The kinds of warnings that were logged. */
  readonly warned: Set<string>;
  /** The tracer and the logger used last, cached with their providers. */
  tracer: { readonly provider: TracerProvider; readonly tracer: Tracer } | undefined;
  logger: { readonly provider: LoggerProviderLike; readonly logger: LoggerLike } | undefined;
  /** Created on first use; a copy of an older version does not have it. */
  ids?: RandomIds | undefined;
}

const KEY = Symbol.for('burstlog.context');
/** The instrumentation scope of tasks. */
const SCOPE = 'burstlog';

function shared(): SharedState {
  const place = globalThis as { [KEY]?: SharedState };
  place[KEY] ??= { storage: undefined, warned: new Set(), tracer: undefined, logger: undefined };
  return place[KEY];
}

/** Returns the context of the fallback storage, or undefined if a context manager is registered. */
export function fallbackContext(): Context | undefined {
  return (globalThis as { [KEY]?: SharedState })[KEY]?.storage?.getStore();
}

/** Runs `fn` with `context` in the fallback storage. */
export function runInFallback<Argument, T>(
  context: Context,
  fn: (argument: Argument) => T,
  argument: Argument,
): T {
  const state = shared();
  state.storage ??= new AsyncLocalStorage();
  return state.storage.run(context, fn, argument);
}

/** Returns the tracer of tasks. A provider may be registered at any time, so it is looked up on each call. */
export function currentTracer(): Tracer {
  const state = shared();
  const provider = trace.getTracerProvider();
  if (state.tracer?.provider !== provider) state.tracer = { provider, tracer: provider.getTracer(SCOPE) };
  return state.tracer.tracer;
}

/** Returns the logger of tasks, or undefined if no LoggerProvider is registered. */
export function currentLogger(): LoggerLike | undefined {
  const provider = globalLoggerProvider();
  if (provider === undefined) return undefined;
  const state = shared();
  if (state.logger?.provider !== provider) state.logger = { provider, logger: provider.getLogger(SCOPE) };
  return state.logger.logger;
}

/** Returns the id generator that is used if no SDK generates ids. */
export function randomIds(): RandomIds {
  const state = shared();
  state.ids ??= new RandomIds();
  return state.ids;
}

/** Logs a warning of a kind once per process. @param kind a constant that contains no data */
export function warnOnce(kind: string, message: string): void {
  const { warned } = shared();
  if (warned.has(kind)) return;
  warned.add(kind);
  try {
    diag.warn(`burstlog: ${message} (logged once)`);
  } catch {
    // A diag logger of the application may throw, and there is no other place to report that.
  }
}
