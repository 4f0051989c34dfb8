import { type Context, context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { fallbackContext, runInFallback } from './shared-state.ts';
import type { TaskState } from './task-state.ts';

const TASK_KEY = createContextKey('burstlog.task');

/** The context with a task in it. */
export function withTask(parent: Context, task: TaskState): Context {
  return parent.setValue(TASK_KEY, task);
}

/** The task of a context. */
export function taskOf(of: Context): TaskState | undefined {
  return of.getValue(TASK_KEY) as TaskState | undefined;
}

/**
 * The context that is active now. Where no context manager is registered OpenTelemetry always answers with the
 * root context; then the fallback knows better.
 */
export function activeContext(): Context {
  const active = context.active();
  return active === ROOT_CONTEXT ? (fallbackContext() ?? active) : active;
}

/**
 * Calls `fn` with `inner` active. Whether a context manager is registered is seen by its effect, so that it may
 * be registered at any time.
 */
export function runIn<T>(inner: Context, fn: () => T): T {
  return context.with(inner, () => (context.active() === inner ? fn() : runInFallback(inner, fn)));
}
