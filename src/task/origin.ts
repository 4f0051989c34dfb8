import { type Context, type SpanContext, trace } from '@opentelemetry/api';
import { carriersOf, type Foreign, readForeign } from './carrier.ts';
import { activeContext, taskOf } from './task-context.ts';
import type { TaskState } from './task-state.ts';

/** The parent of a new task. */
export interface Origin {
  /** The parent context. Its span is the parent span unless `root` is true. */
  readonly context: Context;
  /** The enclosing task of this process. */
  readonly parent: TaskState | undefined;
  /** The value of `task.parent.id`. */
  readonly parentId: string | undefined;
  /** Whether the task starts a new trace. */
  readonly root: boolean;
  /** The links of a new trace. */
  readonly links: readonly SpanContext[];
  /** The text of an invalid header. */
  readonly refused?: string | undefined;
}

/** Returns the origin of a root task. Inside another task it starts a new trace. */
export function rootOrigin(): Origin {
  const context = activeContext();
  const enclosing = taskOf(context);
  if (enclosing !== undefined) {
    return { context, parent: undefined, parentId: undefined, root: true, links: [enclosing.spanContext] };
  }
  const parentId = validSpan(trace.getSpanContext(context))?.spanId;
  return { context, parent: undefined, parentId, root: false, links: [] };
}

/** Returns the origin of a step of the current task, or undefined if there is no current task. */
export function stepOrigin(): Origin | undefined {
  const context = activeContext();
  const parent = taskOf(context);
  return parent === undefined ? undefined : stepOf(parent, context);
}

/** Returns the origin of a step of a task. @param context the task's context, or one derived from it */
export function stepOf(parent: TaskState, context: Context): Origin {
  return { context, parent, parentId: parent.id, root: false, links: [] };
}

/** Returns the origin of a task that continues a task of another process. */
export function continuedOrigin(source: unknown): Origin {
  const context = activeContext();
  const foreign = readForeign(source, context);
  const { remote, refused } = foreign;
  if (remote === undefined) {
    return {
      ...rootOrigin(),
      context: withOwnSpan(foreign.context, context),
      ...(refused === undefined ? {} : { refused }),
    };
  }
  const active = validSpan(trace.getSpanContext(context));
  // An instrumentation may have read the same header and started a span in this process.
  const isInstrumented =
    active !== undefined &&
    active.isRemote !== true &&
    active.traceId === remote.traceId &&
    active.spanId !== taskOf(context)?.id;
  return {
    context: isInstrumented
      ? trace.setSpan(foreign.context, trace.getSpan(context)!)
      : withRemoteSpan(foreign, remote),
    parent: undefined,
    parentId: remote.spanId,
    root: false,
    links: [],
  };
}

/** Keeps received data such as baggage, but not the span that a propagator created from an invalid header. */
function withOwnSpan(foreign: Context, own: Context): Context {
  if (foreign === own) return own;
  const span = trace.getSpan(own);
  return span === undefined ? trace.deleteSpan(foreign) : trace.setSpan(foreign, span);
}

function withRemoteSpan(foreign: Foreign, remote: SpanContext): Context {
  return trace.setSpan(foreign.context, trace.wrapSpanContext(remote));
}

/** Returns the origin of a task in a new trace that is linked to tasks of other processes. */
export function linkedOrigin(source: unknown): Origin {
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
