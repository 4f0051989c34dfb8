import { type Context, type SpanContext, trace } from '@opentelemetry/api';
import { carriersOf, type Foreign, readForeign } from './carrier.ts';
import { activeContext, taskOf } from './task-context.ts';
import type { TaskState } from './task-state.ts';

/** Where a task comes from. */
export interface Origin {
  /** Its span is the parent, unless `root`. */
  readonly context: Context;
  /** The enclosing task of this process. */
  readonly parent: TaskState | undefined;
  /** What `task.parent.id` will be. */
  readonly parentId: string | undefined;
  /** Whether a new trace starts. */
  readonly root: boolean;
  /** Where a new trace is linked to. */
  readonly links: readonly SpanContext[];
  /** A header that was refused. */
  readonly refused?: string | undefined;
}

/** Of a task with a goal of its own. Inside another task it starts a new trace. */
export function rootOrigin(): Origin {
  const context = activeContext();
  const enclosing = taskOf(context);
  if (enclosing !== undefined) {
    return { context, parent: undefined, parentId: undefined, root: true, links: [enclosing.spanContext] };
  }
  const parentId = validSpan(trace.getSpanContext(context))?.spanId;
  return { context, parent: undefined, parentId, root: false, links: [] };
}

/** Of a step of the current task; undefined: there is no current task. */
export function stepOrigin(): Origin | undefined {
  const context = activeContext();
  const parent = taskOf(context);
  return parent === undefined ? undefined : stepOf(parent, context);
}

/** Of a step of a task. @param context where it starts: the task's own, or one inside of it */
export function stepOf(parent: TaskState, context: Context): Origin {
  return { context, parent, parentId: parent.id, root: false, links: [] };
}

/** Of a task that continues one of another process. */
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
  // An instrumentation has read the same header already, and started a span of this process for it.
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

/** What else was sent, such as baggage, without the span that a propagator made of a refused header. */
function withOwnSpan(foreign: Context, own: Context): Context {
  if (foreign === own) return own;
  const span = trace.getSpan(own);
  return span === undefined ? trace.deleteSpan(foreign) : trace.setSpan(foreign, span);
}

function withRemoteSpan(foreign: Foreign, remote: SpanContext): Context {
  return trace.setSpan(foreign.context, trace.wrapSpanContext(remote));
}

/** Of a task in a new trace that is linked to tasks of other processes. */
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
