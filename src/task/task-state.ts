import type { Context, Span, SpanContext } from '@opentelemetry/api';
import type { TaskMarks } from '../record/index.ts';
import type { Verdict } from './outcome.ts';
import type { Readable } from './readable.ts';
import type { Task, TaskOptions } from './task.ts';

/** The start or the end of a task, as it is given to a logger. */
export interface OwnRecord {
  readonly eventName: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * The state of a task, which the context carries. Two copies of this package may meet in one process, so it is read by
 * its fields alone.
 */
export interface TaskState {
  readonly id: string;
  readonly name: string;
  /** The message with its data filled in, for people. */
  readonly text: string;
  readonly parent: TaskState | undefined;
  /** `task.parent.id` of its records. */
  readonly parentId: string | undefined;
  readonly severity: number;
  readonly expected: TaskOptions['expected'];
  readonly span: Span;
  readonly spanContext: SpanContext;
  context: Context;
  /** The attributes that are added to every record. Replaced, never changed: held records refer to it. */
  bound: Readonly<Record<string, Readable>>;
  /** What it writes on records now; undefined until one asks. */
  marks: TaskMarks | undefined;
  /** `task.sequence` of the last record. */
  sequence: number;
  /** How many steps it has started. */
  children: number;
  /** The outcome that was reported so far. */
  verdict: Verdict | undefined;
  ended: boolean;
  /** One of its own records, while a logger takes it. */
  emitting: OwnRecord | undefined;
  /** As `performance.now()` counts. */
  readonly startedMillis: number;
  /** By error, the task inside that recorded its stack, so that it is recorded once. */
  failedIn: WeakMap<object, string> | undefined;
  /** The same for the last few thrown values that are no objects. */
  failedInOf: Map<unknown, string> | undefined;
  /** The task as the application has it. */
  handle: Task;
}
