import { end, endThrown, isThenable } from './end.ts';
import type { Task } from './task.ts';
import { runIn } from './task-context.ts';
import type { TaskState } from './task-state.ts';

/** The callback of a task. */
export type TaskFunction<T> = (job: Task) => T;

/**
 * Calls the callback inside the task, and ends the task when the callback returns or its promise settles. The
 * value is returned unchanged, and the same error object is rethrown.
 */
export function runTask<T>(task: TaskState, fn: TaskFunction<T>): T {
  let result: T;
  try {
    result = runIn(task.context, fn, task.handle);
  } catch (error) {
    endThrown(task, error);
    throw error;
  }
  if (isThenable(result)) return settled(task, result) as T;
  end(task, 'succeeded');
  return result;
}

/** Returns a new promise. Only listening to the callback's promise would hide an unhandled rejection. */
function settled(task: TaskState, result: PromiseLike<unknown>): PromiseLike<unknown> {
  const promise = result instanceof Promise ? result : Promise.resolve(result);
  const succeed = (value: unknown) => {
    end(task, 'succeeded');
    return value;
  };
  const fail = (error: unknown) => {
    endThrown(task, error);
    throw error;
  };
  try {
    return promise.then(succeed, fail);
  } catch (error) {
    // The then() of a subclass threw. Its promise is returned, and the task records the error.
    endThrown(task, error);
    return result;
  }
}
