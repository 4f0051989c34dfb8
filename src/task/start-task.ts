import { begin } from './begin.ts';
import { end } from './end.ts';
import { LiveTask } from './live-task.ts';
import { tellOnce } from './shared-state.ts';
import type { StartedTask, StartTaskOptions, TaskData } from './task.ts';
import { taskOf } from './task-context.ts';
import { rootBeginning, stepBeginning } from './task-forms.ts';
import { readOptions } from './task-options.ts';
import type { TaskState } from './task-state.ts';

/**
 * Begins a task that has no callback, for `using job = startTask(…)`, or where begin and end lie in different
 * functions. It does not become the current task: give it to others as their `parent`, or use `job.run(fn)`.
 *
 * A `using` block cannot see whether it was left by an error, so silence is not success: disposed of without
 * `success()`, `fail()` or `cancel()` the outcome is `abandoned`, told at WARN.
 */
export function startTask(message: string, data?: TaskData, options?: StartTaskOptions): StartedTask {
  const read = readOptions(options, 'start');
  const state = begin(message, data, read, beginningBelow(read?.parent));
  const started = new DisposableTask(state);
  state.handle = started;
  return started;
}

function beginningBelow(parent: unknown) {
  if (parent === undefined || parent === null) return stepBeginning() ?? rootBeginning();
  const context = (parent as { context?: { getValue?: unknown } }).context;
  const state = typeof context?.getValue === 'function' ? taskOf(context as never) : undefined;
  if (state === undefined) {
    tellOnce(
      'parent',
      'the option "parent" of startTask() must be a task; the task began below the current one',
    );
    return stepBeginning() ?? rootBeginning();
  }
  return { context: state.context, parent: state, parentId: state.id, root: false, links: [] };
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
