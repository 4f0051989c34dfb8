import { begin } from './begin.ts';
import { continuedOrigin, linkedOrigin, type Origin, rootOrigin, stepOrigin } from './origin.ts';
import { runTask, type TaskFunction } from './run-task.ts';
import { warnOnce } from './shared-state.ts';
import type { ImportTaskOptions, Task, TaskData, TaskOptions } from './task.ts';
import { activeContext, taskOf } from './task-context.ts';
import { type AnyTaskOptions, readOptions } from './task-options.ts';

/** The arguments after the message; `data` and `options` may be omitted. */
type Arguments<T, Options> = [
  first: TaskFunction<T> | TaskData | undefined,
  second?: TaskFunction<T> | Options | undefined,
  third?: TaskFunction<T> | undefined,
];

/**
 * Starts a root task and runs `fn` inside it. Its span is a child of the active span. Inside another task, it
 * starts a new trace that is linked to that task; for a step of that task, use {@link to}.
 *
 * @param message the goal, a constant: it is the span's name and `task.name`. In the text of records,
 *   placeholders such as `%(key)s` are replaced by the data.
 * @param fn a function, sync or async, that receives the task. Its value or error is passed on unchanged.
 * @throws TypeError if `fn` is not a function; otherwise only errors of `fn`
 */
export function task<T>(message: string, fn: TaskFunction<T>): T;
export function task<T>(message: string, data: TaskData | undefined, fn: TaskFunction<T>): T;
export function task<T>(
  message: string,
  data: TaskData | undefined,
  options: TaskOptions | undefined,
  fn: TaskFunction<T>,
): T;
export function task<T>(message: string, ...[first, second, third]: Arguments<T, TaskOptions>): T {
  const fn = functionOf<T>('task', first, second, third);
  return runTask(begin(message, dataOf(first), optionsOf(second, 'step'), rootOrigin()), fn);
}

/**
 * Starts a step of the current task and runs `fn` inside it. Without a current task, it starts a root task
 * and logs a warning once through `diag`. Parameters, value and errors are those of {@link task}.
 */
export function to<T>(message: string, fn: TaskFunction<T>): T;
export function to<T>(message: string, data: TaskData | undefined, fn: TaskFunction<T>): T;
export function to<T>(
  message: string,
  data: TaskData | undefined,
  options: TaskOptions | undefined,
  fn: TaskFunction<T>,
): T;
export function to<T>(message: string, ...[first, second, third]: Arguments<T, TaskOptions>): T {
  const fn = functionOf<T>('to', first, second, third);
  const origin = stepOrigin() ?? rootOfStep(message);
  return runTask(begin(message, dataOf(first), optionsOf(second, 'step'), origin), fn);
}

/**
 * Continues a task of another process and runs `fn` inside it. It never throws because of `source`: if the
 * header is missing or invalid, it starts a root task. The text of an invalid header is added as
 * `task.refused_traceparent`.
 *
 * @param source a `traceparent` header, or a carrier of headers: an object of headers, a `Headers`, a `Map`,
 *   `process.env`, the headers or attributes of a message of Kafka, SQS or SNS. `tracestate` and baggage of a
 *   carrier are read, too. With `{ link: true }`, an array of sources is accepted.
 */
export function importTask<T>(source: unknown, message: string, fn: TaskFunction<T>): T;
export function importTask<T>(
  source: unknown,
  message: string,
  data: TaskData | undefined,
  fn: TaskFunction<T>,
): T;
export function importTask<T>(
  source: unknown,
  message: string,
  data: TaskData | undefined,
  options: ImportTaskOptions | undefined,
  fn: TaskFunction<T>,
): T;
export function importTask<T>(
  source: unknown,
  message: string,
  ...[first, second, third]: Arguments<T, ImportTaskOptions>
): T {
  const fn = functionOf<T>('importTask', first, second, third);
  const options = optionsOf(second, 'import');
  const origin = options?.link === true ? linkedOrigin(source) : continuedOrigin(source);
  return runTask(begin(message, dataOf(first), options, origin), fn);
}

/** Returns the current task, or undefined if there is none. */
export function currentTask(): Task | undefined {
  return taskOf(activeContext())?.handle;
}

function rootOfStep(message: string): Origin {
  warnOnce('to', `to(${JSON.stringify(message)}) was called without a current task; it started a root task`);
  return rootOrigin();
}

function functionOf<T>(name: string, first: unknown, second: unknown, third: unknown): TaskFunction<T> {
  const fn = typeof first === 'function' ? first : typeof second === 'function' ? second : third;
  if (typeof fn === 'function') return fn as TaskFunction<T>;
  throw new TypeError(
    `${name}() requires a function as its last argument, got ${fn === null ? 'null' : typeof fn}`,
  );
}

function dataOf(first: unknown): TaskData | undefined {
  return typeof first === 'function' ? undefined : (first as TaskData | undefined);
}

function optionsOf(second: unknown, form: 'step' | 'import'): AnyTaskOptions | undefined {
  return second === undefined || typeof second === 'function' ? undefined : readOptions(second, form);
}
