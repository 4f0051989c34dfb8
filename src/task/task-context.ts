import { type Context, context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { raiseStackLimit, restoreStackLimit } from './frames.ts';
import { fallbackContext, runInFallback } from './shared-state.ts';
import type { TaskState } from './task-state.ts';

const TASK_KEY: symbol = createContextKey('burstlog.task');
const SPAN_KEY: symbol = spanKey();

/**
 * Returns the key under which the API stores the span. The API does not export it, but passes it to any
 * context.
 */
function spanKey(): symbol {
  let found = TASK_KEY;
  const listener: Context = {
    getValue: () => undefined,
    setValue(key) {
      found = key;
      return listener;
    },
    deleteValue: () => listener,
  };
  trace.setSpan(listener, trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }));
  return found;
}

/**
 * A context that adds a task and its span to another context. Two calls of `setValue()` on a context of the
 * API would copy all its values twice; this class copies nothing. If the base is a TaskContext, too, it is
 * replaced, so that nested tasks do not form a chain of contexts.
 */
class TaskContext implements Context {
  readonly #base: Context;
  readonly #task: TaskState;

  constructor(over: Context, task: TaskState) {
    this.#base = #base in over ? over.#base : over;
    this.#task = task;
  }

  getValue(key: symbol): unknown {
    if (key === TASK_KEY) return this.#task;
    return key === SPAN_KEY ? this.#task.span : this.#base.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#plain().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#plain().deleteValue(key);
  }

  #plain(): Context {
    return trace.setSpan(this.#base.setValue(TASK_KEY, this.#task), this.#task.span);
  }
}

/** Returns the parent context with a task and its span. */
export function withTask(parent: Context, task: TaskState): Context {
  return new TaskContext(parent, task);
}

/** Returns the task of a context. */
export function taskOf(of: Context): TaskState | undefined {
  return of.getValue(TASK_KEY) as TaskState | undefined;
}

/**
 * Whether the task of a context, or one of its enclosing tasks, has a name for which `isNamed` returns true.
 */
export function isInTask(of: Context, isNamed: (name: string) => boolean): boolean {
  let task = taskOf(of === ROOT_CONTEXT ? (fallbackContext() ?? of) : of);
  while (task !== undefined && !isNamed(task.name)) task = task.parent;
  return task !== undefined;
}

/**
 * Returns the state of a task handle, also one of another copy of this package; undefined for any other
 * value.
 */
export function stateOf(handle: unknown): TaskState | undefined {
  const context = (handle as { readonly context?: Partial<Context> } | null | undefined)?.context;
  return typeof context?.getValue === 'function' ? taskOf(context as Context) : undefined;
}

/** Returns the id of the root task of a context; undefined outside of tasks. */
export function rootTaskId(of: Context): string | undefined {
  let task = taskOf(of === ROOT_CONTEXT ? (fallbackContext() ?? of) : of);
  while (task?.parent !== undefined) task = task.parent;
  return task?.id;
}

/**
 * Returns the active context. If no context manager is registered, OpenTelemetry always returns the root
 * context, and the context of the fallback storage is used.
 */
export function activeContext(): Context {
  const active = context.active();
  return active === ROOT_CONTEXT ? (fallbackContext() ?? active) : active;
}

/**
 * Calls `fn` with `inner` as the active context. Whether a context manager is registered is detected on each
 * call, so one may be registered at any time.
 */
export function runIn<Argument, T>(inner: Context, fn: (argument: Argument) => T, argument: Argument): T {
  const limit = raiseStackLimit();
  try {
    return context.with(inner, call<Argument, T>, undefined, inner, fn, argument);
  } finally {
    restoreStackLimit(limit);
  }
}

function call<Argument, T>(inner: Context, fn: (argument: Argument) => T, argument: Argument): T {
  return context.active() === inner ? fn(argument) : runInFallback(inner, fn, argument);
}
