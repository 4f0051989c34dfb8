import type { Context, SpanKind, TextMapSetter } from '@opentelemetry/api';
import type { SeverityLike } from '../record/index.ts';

/**
 * The data of a task. It is added as attributes to the task's span, and to every record that is emitted
 * inside the task, by any logger. Values of any type are converted to plain data (dates in ISO 8601, maps as
 * objects, cycles as `[circular]`). Keys that start with `task.`, `burst.` or `exception.` are ignored, with
 * one warning. A task has at most 256 data attributes.
 */
export type TaskData = Readonly<Record<string, unknown>>;

/** The options of a task. All are optional; an invalid value is logged once through `diag` and ignored. */
export interface TaskOptions {
  /**
   * The severity of the start and end records. Below the `emitLevel` of a burst processor they are held, and
   * released with a burst. The end record of a failed task is always ERROR. Default: INFO.
   */
  readonly severity?: SeverityLike | undefined;
  /** Whether the task inherits the data of the enclosing task. Its own data overrides it. Default: true. */
  readonly inherit?: boolean | undefined;
  /** The kind of the span. Default: `SpanKind.INTERNAL`. */
  readonly kind?: SpanKind | undefined;
  /**
   * Which errors the caller handles: all (`true`), or those for which the function returns true. The end
   * record is then WARN, so that it does not trigger a burst, and the span's status stays unset. Default:
   * none.
   */
  readonly expected?: boolean | ((error: unknown) => boolean) | undefined;
}

/** The options of a task that continues a task of another process. */
export interface ImportTaskOptions extends TaskOptions {
  /**
   * Starts a new trace that is linked to the other one: for queues, fan-in, and callers that are not trusted.
   * An array of sources links all of them. Default: false, the task is a child in the same trace.
   */
  readonly link?: boolean | undefined;
}

/** The options of a task without a callback. */
export interface StartTaskOptions extends TaskOptions {
  /**
   * The parent task, of which this task is a step. Default: the current task; without one it is a root task.
   */
  readonly parent?: Task | undefined;
}

/**
 * A goal and its outcome. A task is a span, and emits a record when it starts and when it ends. No method
 * throws.
 *
 * After the end, `bind`, `success`, `fail` and `cancel` are ignored, with one warning through `diag`. `run`,
 * `context`, `inject` and `foreignTask` still work, because work of a task may continue after its end.
 *
 * If several outcomes are reported, the worst one applies, in any order: failed, then cancelled, then
 * succeeded. If the same outcome is reported again, its message is replaced, with one warning.
 */
export interface Task {
  /** The span id of the task: 16 hex digits, never all zero. It is also `task.id` on its records. */
  readonly id: string;
  /** The enclosing task of this process. */
  readonly parent: Task | undefined;
  /** The names of the tasks from the outermost one of this process to this one. */
  readonly path: readonly string[];
  /** The OpenTelemetry context of the task, with its span, the task, and the baggage. */
  readonly context: Context;
  /** Adds data to all later records of the task, and to steps that start later. */
  bind(data: TaskData): void;
  /**
   * Reports that the goal was reached, with a message as for `util.format`. It is logged when the task ends.
   * The span's status becomes Ok, which only an application may set.
   */
  success(message?: string, ...values: unknown[]): void;
  /** Reports a failure without throwing: a reason as for `util.format`, or the error itself. */
  fail(reason?: unknown, ...values: unknown[]): void;
  /** Marks the task as cancelled, which is not a failure. */
  cancel(message?: string, ...values: unknown[]): void;
  /** Calls a function inside the task, such as an event listener. Its value or error is passed on. */
  run<T>(fn: () => T): T;
  /** Returns the id of the task for other processes: a W3C `traceparent` header, always well formed. */
  foreignTask(): string;
  /**
   * Writes `traceparent`, `tracestate` and baggage into a carrier: an object of headers, a `Headers`, a
   * `Map`, or, with {@link environmentSetter}, the environment of a child process. Uses the registered
   * propagator, or W3C Trace Context if none is registered.
   */
  inject<Carrier>(carrier: Carrier, setter?: TextMapSetter<Carrier>): void;
}

/** A task without a callback: `using job = startTask(…)`. */
export interface StartedTask extends Task {
  /**
   * Ends the task. If none of `success()`, `fail()` and `cancel()` was called, its outcome is `abandoned`.
   */
  [Symbol.dispose](): void;
}
