import type { Context, Span, SpanContext } from '@opentelemetry/api';
import type { Verdict } from './outcome.ts';
import type { Readable } from './readable.ts';
import type { Task, TaskOptions } from './task.ts';

/** The start or the end of a task, as it is given to a logger. */
export interface OwnRecord {
  readonly eventName: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * A task from inside. It is what the context carries; two copies of this package may meet in one process, so it
 * is read by its fields alone.
 */
export interface TaskState {
  readonly id: string;
  readonly name: string;
  /** The message with its data filled in: what people read. */
  readonly text: string;
  readonly parent: TaskState | undefined;
  /** `task.parent.id` of its records. */
  readonly parentId: string | undefined;
  readonly severity: number;
  readonly expected: TaskOptions['expected'];
  readonly span: Span;
  readonly spanContext: SpanContext;
  context: Context;
  /** What joins every record. */
  readonly bound: Record<string, Readable>;
  /** `task.sequence` of the last record. */
  sequence: number;
  /** How many steps it has begun. */
  children: number;
  /** What has been said about the end so far. */
  verdict: Verdict | undefined;
  ended: boolean;
  /** One of its own records, while a logger takes it. */
  emitting: OwnRecord | undefined;
  /** Of `performance.now()`. */
  readonly startedMillis: number;
  /** In which task below an error was told with its stack, so that it is told once. */
  failedIn: WeakMap<object, string> | undefined;
  /** The same for thrown values that are no objects: the last few of them. */
  failedInOf: Map<unknown, string> | undefined;
  /** What the application holds. */
  handle: Task;
}
