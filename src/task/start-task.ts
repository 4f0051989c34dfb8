import { begin } from './begin.ts';
import { end } from './end.ts';
import { LiveTask } from './live-task.ts';
import { type Origin, rootOrigin, stepOf, stepOrigin } from './origin.ts';
import { warnOnce } from './shared-state.ts';
import type { StartedTask, StartTaskOptions, TaskData } from './task.ts';
import { taskOf } from './task-context.ts';
import { readOptions } from './task-options.ts';
import type { TaskState } from './task-state.ts';

/**
 * Starts a task without a callback, for `using job = startTask(…)`, or where start and end are in different functions. It
 * does not become the current task: pass it to other tasks as their `parent`, or use `job.run(fn)`.
 *
 * A `using` block cannot see whether it was left by an error. So a task that is disposed of before `success()`, `fail()`
 * or `cancel()` was called is `abandoned`, which is logged at WARN.
 */
export function startTask(message: string, data?: TaskData, options?: StartTaskOptions): StartedTask {
  const read = readOptions(options, 'start');
  const state = begin(message, data, read, originBelow(read?.parent));
  const started = new DisposableTask(state);
  state.handle = started;
  return started;
}

function originBelow(parent: unknown): Origin {
  if (parent === undefined || parent === null) return stepOrigin() ?? rootOrigin();
  const context = (parent as { context?: { getValue?: unknown } }).context;
  const state = typeof context?.getValue === 'function' ? taskOf(context as never) : undefined;
  if (state === undefined) {
    warnOnce('parent', 'the option "parent" of startTask() must be a task; the current task is the parent');
    return stepOrigin() ?? rootOrigin();
  }
  return stepOf(state, state.context);
}

class DisposableTask extends LiveTask implements StartedTask {
  readonly #state: TaskState;

  constructor(state: TaskState) {
    super(state);
    this.#state = state;
  }

  [Symbol.dispose](): void {
    end(this.#state, 'abandoned');
  }
}
