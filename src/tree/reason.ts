import { type ErrorText, errorOf } from './query.ts';
import type { Task } from './trees.ts';

/** `error.type` if no error was thrown (semantic conventions, `error.type`). */
const NO_ERROR_TYPE = '_OTHER';

/** Type and message of an error, such as `TypeError: x is not a function`. */
export function titleOf({ type: recorded, message, stacktrace }: ErrorText): string {
  const type = recorded === NO_ERROR_TYPE ? '' : recorded;
  const first = message || (type === '' ? (stacktrace.split('\n', 1)[0] ?? '') : '');
  return type === '' || first === '' || first.startsWith(type) ? first || type : `${type}: ${first}`;
}

/**
 * The reason in a task's end record: the message of success() or fail(), or its error, without the goal and
 * the outcome, which the record's text contains too.
 */
export function reasonOf(task: Task): string {
  if (task.end === undefined) return '';
  const error = errorOf(task.end);
  const title = error === undefined ? '' : titleOf(error);
  const text = withoutGoal(task.end.body, task);
  if (title === '' || text.includes(error?.message || title)) return text;
  return text === '' ? title : `${text} (${title})`;
}

/** The prefix of the text of Python distlog's record of a failed task. */
const PYTHON_FAILED = 'FAILED ';

function withoutGoal(text: string, { name, start, outcome }: Task): string {
  const body =
    outcome === 'failed' && text.startsWith(PYTHON_FAILED) ? text.slice(PYTHON_FAILED.length) : text;
  for (const goal of [start?.body, name]) {
    if (goal === undefined || goal === '' || !body.startsWith(goal)) continue;
    const rest = body.slice(goal.length);
    if (rest === '' || rest === ` ${outcome}`) return '';
    if (rest.startsWith(` ${outcome}: `)) return rest.slice(outcome.length + 3);
  }
  return text;
}
