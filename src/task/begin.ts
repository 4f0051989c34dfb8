import {
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
  Severity,
  TASK_LINKS,
  TASK_PARENT_CHILD,
  TASK_PARENT_SEQUENCE,
  TASK_REFUSED,
  TASK_STARTED_EVENT,
} from '../record/index.ts';
import { LiveTask } from './live-task.ts';
import { filledIn } from './message.ts';
import type { Origin } from './origin.ts';
import { copyReadable, forSpan, type Readable } from './readable.ts';
import { emitRecord } from './records.ts';
import { currentTracer, randomIds, warnOnce } from './shared-state.ts';
import type { TaskData } from './task.ts';
import { withTask } from './task-context.ts';
import type { AnyTaskOptions } from './task-options.ts';
import type { TaskState } from './task-state.ts';
import { formatTraceparent } from './traceparent.ts';

/** Starts a task: starts its span, emits `task.started`. Never throws. */
export function begin(
  message: string,
  data: TaskData | undefined,
  options: AnyTaskOptions | undefined,
  origin: Origin,
): TaskState {
  const name = typeof message === 'string' ? message : errorText(message);
  const bound: Record<string, Readable> = {};
  if (origin.parent !== undefined && options?.inherit !== false) {
    const inherited = origin.parent.bound;
    for (const key in inherited) bound[key] = inherited[key];
  }
  copyReadable(bound, data);
  const span = startSpan(name, options?.kind ?? SpanKind.INTERNAL, bound, origin);
  const spanContext = span.spanContext();
  const task: TaskState = {
    id: spanContext.spanId,
    name,
    text: filledIn(name, bound),
    parent: origin.parent,
    parentId: origin.parentId,
    severity: options?.severity ?? Severity.INFO,
    expected: options?.expected,
    span,
    spanContext,
    context: origin.context,
    bound,
    marks: undefined,
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
  task.context = withTask(origin.context, task);
  emitRecord(task, TASK_STARTED_EVENT, task.severity, task.text, startAttributes(origin));
  return task;
}

/** Returns the attributes that only the start record has. */
function startAttributes({ parent, links, refused }: Origin): Record<string, unknown> | undefined {
  if (parent !== undefined) {
    parent.children += 1;
    return { [TASK_PARENT_SEQUENCE]: parent.sequence, [TASK_PARENT_CHILD]: parent.children };
  }
  if (links.length === 0 && refused === undefined) return undefined;
  return {
    ...(links.length === 0 ? {} : { [TASK_LINKS]: links.map(formatTraceparent) }),
    ...(refused === undefined ? {} : { [TASK_REFUSED]: refused }),
  };
}

/**
 * Returns the SDK's span, sampled or not. If there is no SDK, tracing is suppressed, or the SDK fails, a span
 * context is generated, so that ids are always valid and records always correlate.
 */
function startSpan(
  name: string,
  kind: SpanKind,
  bound: Readonly<Record<string, Readable>>,
  { context, root, links }: Origin,
): Span {
  const parent = root ? undefined : trace.getSpanContext(context);
  try {
    const attributes = forSpan(bound);
    const span = currentTracer().startSpan(
      name,
      links.length === 0 && !root
        ? { kind, attributes }
        : { kind, attributes, root, links: links.map(linkTo) },
      context,
    );
    const { spanId } = span.spanContext();
    // Without an SDK, the API returns the parent's span context, or an invalid one.
    if (spanId !== INVALID_SPANID && spanId !== parent?.spanId) return span;
  } catch (error) {
    warnOnce('span', `a span could not be started (${errorText(error)}); the task continues without it`);
  }
  return trace.wrapSpanContext(ownSpanContext(parent));
}

function linkTo(context: SpanContext): Link {
  return { context };
}

/**
 * Generates a span context without an SDK. A root is marked as sampled, because its records are logged and
 * downstream services must not take it for an unsampled trace.
 */
function ownSpanContext(parent: SpanContext | undefined): SpanContext {
  const ids = randomIds();
  const spanId = ids.spanId();
  if (parent === undefined || !trace.isSpanContextValid(parent)) {
    return { traceId: ids.traceId(), spanId, traceFlags: TraceFlags.SAMPLED };
  }
  const { traceId, traceFlags, traceState } = parent;
  return { traceId, spanId, traceFlags, ...(traceState === undefined ? {} : { traceState }) };
}
