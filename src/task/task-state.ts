import type { Context, Span, SpanContext } from '@opentelemetry/api';
import type { TaskMarks } from '../record/index.ts';
import type { Verdict } from './outcome.ts';
import type { Readable } from './readable.ts';
import type { Task, TaskOptions } from './task.ts';

/** The start or end record of a task, as it is passed to a logger. */
export interface OwnRecord {
  readonly eventName: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * The state of a task, stored in the context. A process may contain several copies of this package, so only
 * its fields are used, never `instanceof`.
 */
export interface TaskState {
  readonly id: string;
  readonly name: string;
  /** The message with its placeholders replaced by the data. */
  readonly text: string;
  readonly parent: TaskState | undefined;
  /** `task.parent.id` of its records. */
  readonly parentId: string | undefined;
  readonly severity: number;
  readonly expected: TaskOptions['expected'];
  readonly span: Span;
  readonly spanContext: SpanContext;
  context: Context;
  /**
   * The data that is added to every record. The object is replaced, never changed, because held records use
   * it.
   */
  bound: Readonly<Record<string, Readable>>;
  /** The attributes for its records; created on first use, reset when data is bound. */
  marks: TaskMarks | undefined;
  /** `task.sequence` of the last record. */
  sequence: number;
  /** The number of steps that were started. */
  children: number;
  /** The outcome reported so far. */
  verdict: Verdict | undefined;
  ended: boolean;
  /** The start or end record while it is being emitted. */
  emitting: OwnRecord | undefined;
  /** The start time, as returned by `performance.now()`. */
  readonly startedMillis: number;
  /**
   * The ids of the inner tasks that recorded the stack of an error, by error, so that it is recorded once.
   */
  failedIn: WeakMap<object, string> | undefined;
  /** The same for the last thrown primitives. */
  failedInOf: Map<unknown, string> | undefined;
  /** The handle for the application. */
  handle: Task;
}
