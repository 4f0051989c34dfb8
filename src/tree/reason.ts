import { type ErrorText, errorOf } from './query.ts';
import type { Task } from './trees.ts';

/** `error.type` where no error was thrown (semantic conventions, `error.type`). */
const NO_ERROR_TYPE = '_OTHER';

/** `TypeError: what it says`. */
export function titleOf({ type: said, message, stacktrace }: ErrorText): string {
  const type = said === NO_ERROR_TYPE ? '' : said;
  const first = message || (type === '' ? (stacktrace.split('\n', 1)[0] ?? '') : '');
  return type === '' || first === '' || first.startsWith(type) ? first || type : `${type}: ${first}`;
}

/**
 * What the end of a task says beside its outcome: the message of success() or fail(), or its error. The goal and
 * the outcome, which stand in the text of the record too, are left out.
 */
export function reasonOf(task: Task): string {
  if (task.end === undefined) return '';
  const error = errorOf(task.end);
  const title = error === undefined ? '' : titleOf(error);
  const said = withoutGoal(task.end.body, task);
  if (title === '' || said.includes(error?.message || title)) return said;
  return said === '' ? title : `${said} (${title})`;
}

/** The text of a failed end of Python distlog. */
const PYTHON_FAILED = 'FAILED ';

function withoutGoal(said: string, { name, start, outcome }: Task): string {
  const body =
    outcome === 'failed' && said.startsWith(PYTHON_FAILED) ? said.slice(PYTHON_FAILED.length) : said;
  for (const goal of [start?.body, name]) {
    if (goal === undefined || goal === '' || !body.startsWith(goal)) continue;
    const rest = body.slice(goal.length);
    if (rest === '' || rest === ` ${outcome}`) return '';
    if (rest.startsWith(` ${outcome}: `)) return rest.slice(outcome.length + 3);
  }
  return said;
}
