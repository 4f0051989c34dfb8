import {
  type Context,
  INVALID_SPANID,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import {
  errorText,
  parseSeverity,
  Severity,
  TASK_LINKS,
  TASK_PARENT_CHILD,
  TASK_PARENT_SEQUENCE,
  TASK_REFUSED,
  TASK_STARTED_EVENT,
} from '../record/index.ts';
import { RandomIds } from './ids.ts';
import { LiveTask } from './live-task.ts';
import { filledIn } from './message.ts';
import { providers } from './providers.ts';
import { copyReadable, forSpan, type Readable } from './readable.ts';
import { tell } from './records.ts';
import { tellOnce } from './shared-state.ts';
import type { TaskData, TaskOptions } from './task.ts';
import { withTask } from './task-context.ts';
import type { TaskState } from './task-state.ts';
import { formatTraceparent } from './traceparent.ts';

/** Where a task comes from. */
export interface Beginning {
  /** Its span is the parent, unless `root`. */
  readonly context: Context;
  /** The enclosing task of this process. */
  readonly parent: TaskState | undefined;
  /** What goes into `task.parent.id`. */
  readonly parentId: string | undefined;
  /** Begin a new trace. */
  readonly root: boolean;
  /** Where it is linked to, when it begins a new trace. */
  readonly links: readonly SpanContext[];
  /** A header that was refused. */
  readonly refused?: string | undefined;
}

const ids = new RandomIds();

/** Begins a task: starts its span, writes `task.started`. Never throws. */
export function begin(
  message: string,
  data: TaskData | undefined,
  options: TaskOptions | undefined,
  from: Beginning,
): TaskState {
  const name = typeof message === 'string' ? message : errorText(message);
  const bound: Record<string, Readable> = {};
  if (from.parent !== undefined && options?.inherit !== false) {
    const inherited = from.parent.bound;
    for (const key in inherited) bound[key] = inherited[key];
  }
  copyReadable(bound, data);
  const span = startSpan(name, kindOf(options?.kind), bound, from);
  const spanContext = span.spanContext();
  const task: TaskState = {
    id: spanContext.spanId,
    name,
    text: filledIn(name, bound),
    parent: from.parent,
    parentId: from.parentId,
    severity: severityOf(options?.severity),
    expected: options?.expected,
    span,
    spanContext,
    context: from.context,
    bound,
    sequence: 0,
    children: 0,
    verdict: undefined,
    ended: false,
    emitting: undefined,
    startedMillis: performance.now(),
    failedIn: undefined,
    failedInOf: undefined,
    handle: undefined as never,
  };
  task.handle = new LiveTask(task);
  task.context = withTask(from.context, task);
  tell(task, TASK_STARTED_EVENT, task.severity, task.text, originOf(from));
  return task;
}

/** What only the first record says. */
function originOf(from: Beginning): Record<string, unknown> | undefined {
  const { parent } = from;
  if (parent !== undefined) {
    parent.children += 1;
    return { [TASK_PARENT_SEQUENCE]: parent.sequence, [TASK_PARENT_CHILD]: parent.children };
  }
  if (from.links.length === 0 && from.refused === undefined) return undefined;
  return {
    ...(from.links.length === 0 ? {} : { [TASK_LINKS]: from.links.map(formatTraceparent) }),
    ...(from.refused === undefined ? {} : { [TASK_REFUSED]: from.refused }),
  };
}

function severityOf(given: unknown): number {
  if (given === undefined) return Severity.INFO;
  try {
    return parseSeverity('severity', given);
  } catch (error) {
    tellOnce('severity', `${errorText(error)}; the task is INFO`);
    return Severity.INFO;
  }
}

function kindOf(given: unknown): SpanKind {
  if (given === undefined) return SpanKind.INTERNAL;
  if (typeof given === 'number' && SpanKind[given] !== undefined) return given;
  tellOnce('kind', `kind must be a SpanKind, got ${errorText(given)}; the span is INTERNAL`);
  return SpanKind.INTERNAL;
}

/**
 * The SDK's span, sampled or not; and where there is no SDK, tracing is suppressed, or it failed, a span context
 * of our own, so that ids are always valid and records always correlate.
 */
function startSpan(
  name: string,
  kind: SpanKind,
  bound: Readonly<Record<string, Readable>>,
  { context, root, links }: Beginning,
): Span {
  const parent = root ? undefined : trace.getSpanContext(context);
  try {
    const attributes = forSpan(bound);
    const span = providers
      .tracer()
      .startSpan(
        name,
        links.length === 0 && !root
          ? { kind, attributes }
          : { kind, attributes, root, links: links.map(linkTo) },
        context,
      );
    const { spanId } = span.spanContext();
    // Without an SDK the API hands out the parent's own context again, or an invalid one.
    if (spanId !== INVALID_SPANID && spanId !== parent?.spanId) return span;
  } catch (error) {
    tellOnce('span', `a span could not be started (${errorText(error)}); the task goes on without`);
  }
  return trace.wrapSpanContext(mint(parent));
}

function linkTo(context: SpanContext): Link {
  return { context };
}

/**
 * A span context of our own. A root of ours says "sampled": what it stands for is recorded, as log records, and
 * a service that follows must not be told to record nothing.
 */
function mint(parent: SpanContext | undefined): SpanContext {
  const spanId = ids.spanId();
  if (parent === undefined || !trace.isSpanContextValid(parent)) {
    return { traceId: ids.traceId(), spanId, traceFlags: TraceFlags.SAMPLED };
  }
  const { traceId, traceFlags, traceState } = parent;
  return { traceId, spanId, traceFlags, ...(traceState === undefined ? {} : { traceState }) };
}
