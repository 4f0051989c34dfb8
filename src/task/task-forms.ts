import { type Context, type SpanContext, trace } from '@opentelemetry/api';
import { type Beginning, begin } from './begin.ts';
import { carriersOf, type Foreign, readForeign } from './carrier.ts';
import { runTask, type TaskFunction } from './run-task.ts';
import { tellOnce } from './shared-state.ts';
import type { ImportTaskOptions, Task, TaskData, TaskOptions } from './task.ts';
import { activeContext, taskOf } from './task-context.ts';
import { type AnyTaskOptions, readOptions } from './task-options.ts';

/** What stands after the message: `data` and `options` may be left out. */
type Arguments<T, Options> = [
  first: TaskFunction<T> | TaskData | undefined,
  second?: TaskFunction<T> | Options | undefined,
  third?: TaskFunction<T> | undefined,
];

/**
 * Begins a goal of its own and runs `fn` inside: a root of the tree. Its span is a child of the active span; but
 * inside another task it begins a new trace that is linked to that task (to serve the enclosing task, use
 * {@link to}).
 *
 * @param message the goal, constant: it is the span's name and `task.name`. `%(key)s` is filled in from the data
 *   for the records that people read.
 * @param fn gets the task; sync or async. Its value, or its error, passes through untouched.
 * @throws TypeError if `fn` is no function; nothing else but what `fn` throws
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
  return runTask(begin(message, dataOf(first), optionsOf(second, 'step'), rootBeginning()), fn);
}

/**
 * Begins a step of the current task and runs `fn` inside. Without a current task it begins a root, and says so
 * once through `diag`. Parameters, value and errors as for {@link task}.
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
  const from = stepBeginning() ?? rootOfStep(message);
  return runTask(begin(message, dataOf(first), optionsOf(second, 'step'), from), fn);
}

/**
 * Continues a task of another process and runs `fn` inside. It never throws for what it is given: what is
 * missing begins a root; what is refused begins a root too, and stays readable in `task.refused_traceparent`.
 *
 * @param source a `traceparent` header, or a carrier of headers (any object of headers, a `Headers`, a `Map`,
 *   `process.env`), of which `tracestate` and baggage are taken too. With `{ link: true }` also an array of those.
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
  const from = options?.link === true ? linkedBeginning(source) : continuedBeginning(source);
  return runTask(begin(message, dataOf(first), options, from), fn);
}

/** The task that encloses this code, or undefined. */
export function currentTask(): Task | undefined {
  return taskOf(activeContext())?.handle;
}

/** Where a root begins. */
export function rootBeginning(): Beginning {
  const context = activeContext();
  const enclosing = taskOf(context);
  if (enclosing !== undefined) {
    return { context, parent: undefined, parentId: undefined, root: true, links: [enclosing.spanContext] };
  }
  const parentId = validSpan(trace.getSpanContext(context))?.spanId;
  return { context, parent: undefined, parentId, root: false, links: [] };
}

/** Where a step of the current task begins; undefined: there is none. */
export function stepBeginning(): Beginning | undefined {
  const context = activeContext();
  const parent = taskOf(context);
  if (parent === undefined) return undefined;
  return { context, parent, parentId: parent.id, root: false, links: [] };
}

function rootOfStep(message: string): Beginning {
  tellOnce('to', `to(${JSON.stringify(message)}) was called without a task around it; it began a root`);
  return rootBeginning();
}

function continuedBeginning(source: unknown): Beginning {
  const context = activeContext();
  const foreign = readForeign(source, context);
  const { remote, refused } = foreign;
  if (remote === undefined) {
    return {
      ...rootBeginning(),
      context: besideSpan(foreign.context, context),
      ...(refused === undefined ? {} : { refused }),
    };
  }
  const active = validSpan(trace.getSpanContext(context));
  // An instrumentation has read the same header already, and made a span of this process of it.
  const here =
    active !== undefined &&
    active.isRemote !== true &&
    active.traceId === remote.traceId &&
    active.spanId !== taskOf(context)?.id;
  return {
    context: here ? trace.setSpan(foreign.context, trace.getSpan(context)!) : withSpan(foreign, remote),
    parent: undefined,
    parentId: remote.spanId,
    root: false,
    links: [],
  };
}

/** What else came along, such as baggage, without the span that a propagator made of a refused header. */
function besideSpan(foreign: Context, own: Context): Context {
  if (foreign === own) return own;
  const span = trace.getSpan(own);
  return span === undefined ? trace.deleteSpan(foreign) : trace.setSpan(foreign, span);
}

function withSpan(foreign: Foreign, remote: SpanContext) {
  return trace.setSpan(foreign.context, trace.wrapSpanContext(remote));
}

function linkedBeginning(source: unknown): Beginning {
  const context = activeContext();
  const read = carriersOf(source).map((one) => readForeign(one, context));
  const links = read.map(({ remote }) => remote).filter((remote) => remote !== undefined);
  const refused = read.find((one) => one.refused !== undefined)?.refused;
  return {
    context: read.length === 1 ? read[0]!.context : context,
    parent: undefined,
    parentId: undefined,
    root: true,
    links,
    ...(refused === undefined ? {} : { refused }),
  };
}

function validSpan(span: SpanContext | undefined): SpanContext | undefined {
  return span !== undefined && trace.isSpanContextValid(span) ? span : undefined;
}

function functionOf<T>(name: string, first: unknown, second: unknown, third: unknown): TaskFunction<T> {
  const fn = typeof first === 'function' ? first : typeof second === 'function' ? second : third;
  if (typeof fn === 'function') return fn as TaskFunction<T>;
  throw new TypeError(
    `${name}() needs a function as its last argument, got ${fn === null ? 'null' : typeof fn}`,
  );
}

function dataOf(first: unknown): TaskData | undefined {
  return typeof first === 'function' ? undefined : (first as TaskData | undefined);
}

function optionsOf(second: unknown, form: 'step' | 'import'): AnyTaskOptions | undefined {
  return second === undefined || typeof second === 'function' ? undefined : readOptions(second, form);
}
