import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, diag } from '@opentelemetry/api';

/**
 * The one thing that lives on `globalThis`: an ES module copy and a CommonJS copy of this package can meet in
 * one process, and both must see the same current task.
 */
interface SharedState {
  /** The context of the current task, where no context manager is registered. Made when first needed. */
  storage: AsyncLocalStorage<Context> | undefined;
  /** What has been told already. */
  readonly told: Set<string>;
}

const KEY = Symbol.for('burstlog.context');

function shared(): SharedState {
  const place = globalThis as { [KEY]?: SharedState };
  place[KEY] ??= { storage: undefined, told: new Set() };
  return place[KEY];
}

/** The fallback's context, or undefined where a context manager does this work. */
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

/** Tells the operator of a thing once in the life of the process. @param kind a fixed word, never data */
export function tellOnce(kind: string, message: string): void {
  const { told } = shared();
  if (told.has(kind)) return;
  told.add(kind);
  try {
    diag.warn(`burstlog: ${message} (told once)`);
  } catch {
    // A diag logger of the application's own may throw; there is nobody left to tell.
  }
}
