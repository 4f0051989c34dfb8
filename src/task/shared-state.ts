import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, diag, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import { globalLoggerProvider, type LoggerLike, type LoggerProviderLike } from '../record/index.ts';
import { RandomIds } from './ids.ts';

/**
 * All state of this room. It is on `globalThis`, because an ES module copy and a CommonJS copy of this package can meet
 * in one process, and both must see the same current task. It is read by its fields alone.
 */
interface SharedState {
  /** The context of the current task, where no context manager is registered. Made when first needed. */
  storage: AsyncLocalStorage<Context> | undefined;
  /** The kinds of warnings that were logged already. */
  readonly warned: Set<string>;
  /** What was got last, and from whom. */
  tracer: { readonly provider: TracerProvider; readonly tracer: Tracer } | undefined;
  logger: { readonly provider: LoggerProviderLike; readonly logger: LoggerLike } | undefined;
  /** Made when first needed; a copy of an older version does not have it. */
  ids?: RandomIds | undefined;
}

const KEY = Symbol.for('burstlog.context');
/** Name of the instrumentation scope of tasks. */
const SCOPE = 'burstlog';

function shared(): SharedState {
  const place = globalThis as { [KEY]?: SharedState };
  place[KEY] ??= { storage: undefined, warned: new Set(), tracer: undefined, logger: undefined };
  return place[KEY];
}

/** The fallback's context, or undefined where a context manager is registered. */
export function fallbackContext(): Context | undefined {
  return (globalThis as { [KEY]?: SharedState })[KEY]?.storage?.getStore();
}

/** Runs `fn` with `context` as the fallback's context. */
export function runInFallback<Argument, T>(
  context: Context,
  fn: (argument: Argument) => T,
  argument: Argument,
): T {
  const state = shared();
  state.storage ??= new AsyncLocalStorage();
  return state.storage.run(context, fn, argument);
}

/** The tracer of tasks. A provider may be registered at any time, so it is looked up each time. */
export function currentTracer(): Tracer {
  const state = shared();
  const provider = trace.getTracerProvider();
  if (state.tracer?.provider !== provider) state.tracer = { provider, tracer: provider.getTracer(SCOPE) };
  return state.tracer.tracer;
}

/** The logger of tasks; undefined: no LoggerProvider is registered. */
export function currentLogger(): LoggerLike | undefined {
  const provider = globalLoggerProvider();
  if (provider === undefined) return undefined;
  const state = shared();
  if (state.logger?.provider !== provider) state.logger = { provider, logger: provider.getLogger(SCOPE) };
  return state.logger.logger;
}

/** What makes ids where no SDK does. */
export function randomIds(): RandomIds {
  const state = shared();
  state.ids ??= new RandomIds();
  return state.ids;
}

/** Warns the operator of a kind of trouble once in the life of the process. @param kind a fixed word, never data */
export function warnOnce(kind: string, message: string): void {
  const { warned } = shared();
  if (warned.has(kind)) return;
  warned.add(kind);
  try {
    diag.warn(`burstlog: ${message} (logged once)`);
  } catch {
    // A diag logger of the application may throw; there is nobody left to warn.
  }
}
