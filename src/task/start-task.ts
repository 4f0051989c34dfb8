import { begin } from './begin.ts';
import { end } from './end.ts';
import { LiveTask } from './live-task.ts';
import { type Origin, rootOrigin, stepOf, stepOrigin } from './origin.ts';
import type { StartedTask, StartTaskOptions, Task, TaskData } from './task.ts';
import { stateOf } from './task-context.ts';
import { readOptions } from './task-options.ts';
import type { TaskState } from './task-state.ts';

/**
 * Starts a task without a callback, for `using job = startTask(…)`, or if start and end are in different
 * functions. It does not become the current task: pass it to other tasks as their `parent`, or use
 * `job.run(fn)`.
 *
 * A `using` block cannot detect whether it was left by an error. A task that is disposed before `success()`,
 * `fail()` or `cancel()` was called is therefore `abandoned`, which is logged at WARN.
 */
export function startTask(message: string, data?: TaskData, options?: StartTaskOptions): StartedTask {
  const read = readOptions(options, 'start');
  const state = begin(message, data, read, originBelow(read?.parent));
  const started = new DisposableTask(state);
  state.handle = started;
  return started;
}

function originBelow(parent: Task | undefined): Origin {
  const state = stateOf(parent);
  return state === undefined ? (stepOrigin() ?? rootOrigin()) : stepOf(state, state.context);
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
