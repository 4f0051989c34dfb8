import type { Context, SpanKind, TextMapSetter } from '@opentelemetry/api';
import type { SeverityLike } from '../record/index.ts';

/**
 * The data of a task, as attributes: they are on the task's span, and on every record that is emitted inside the task, by
 * any logger. Values of any kind are made readable (dates in ISO 8601, maps as objects, cycles as `[circular]`). Keys
 * that begin with `task.`, `burst.` or `exception.` are ignored, with one warning. A task holds at most 256 attributes.
 */
export type TaskData = Readonly<Record<string, unknown>>;

/** Options of a task. All are optional; a wrong value is logged once through `diag` and ignored. */
export interface TaskOptions {
  /**
   * Severity of the records of start and end. Below the `emitLevel` of a burst processor they are held, and released with
   * a burst. A failed end is ERROR all the same. Default: INFO.
   */
  readonly severity?: SeverityLike | undefined;
  /** Whether the task inherits the data of the enclosing task. Its own data overrides it. Default: true. */
  readonly inherit?: boolean | undefined;
  /** The kind of the span. Default: `SpanKind.INTERNAL`. */
  readonly kind?: SpanKind | undefined;
  /**
   * Which errors the caller handles: all (`true`), or those for which the function returns true. The failed end is then
   * WARN, so it does not trigger a burst, and the span's status stays unset. Default: none.
   */
  readonly expected?: boolean | ((error: unknown) => boolean) | undefined;
}

/** Options of a task that continues one of another process. */
export interface ImportTaskOptions extends TaskOptions {
  /**
   * Start a new trace that is linked to the other one: for queues, fan-in, and callers that are not trusted. An array of
   * sources links them all. Default: false, the task is a child in the same trace.
   */
  readonly link?: boolean | undefined;
}

/** Options of a task without a callback. */
export interface StartTaskOptions extends TaskOptions {
  /** The task of which this is a step. Default: the current one; without one it is a root. */
  readonly parent?: Task | undefined;
}

/**
 * A goal: what is to be achieved, and whether it was. It is a span, and logs its start and its end. No method throws.
 *
 * After the end `bind`, `success`, `fail` and `cancel` change nothing, and warn once through `diag`. `run`, `context`,
 * `inject` and `foreignTask` still work, because work of a task may outlive it.
 *
 * Of several outcomes the worse one counts, in whatever order they are reported: failed, then cancelled, then succeeded.
 * The same outcome again replaces the message, and warns once.
 */
export interface Task {
  /** The span id of the task: 16 hex digits, never all zero. The same as `task.id` on its records. */
  readonly id: string;
  /** The enclosing task of this process. */
  readonly parent: Task | undefined;
  /** The names of the tasks from the outermost of this process to this one. */
  readonly path: readonly string[];
  /** The OpenTelemetry context of the task: its span, the task, and the baggage. */
  readonly context: Context;
  /** Adds data to the task: to every record from here on, and to steps that start from here on. */
  bind(data: TaskData): void;
  /**
   * Reports that the goal was reached, with a message as for `util.format`. It is logged when the task ends. The span's
   * status becomes Ok, which only an application may set.
   */
  success(message?: string, ...values: unknown[]): void;
  /** Reports a failure without throwing: a reason as for `util.format`, or the error itself. */
  fail(reason?: unknown, ...values: unknown[]): void;
  /** Marks the task as cancelled, which is no failure. */
  cancel(message?: string, ...values: unknown[]): void;
  /** Calls a function inside the task, e.g. the listener of an event emitter. Its value and error pass through. */
  run<T>(fn: () => T): T;
  /** The id for other processes: a W3C `traceparent` header, always well formed. */
  foreignTask(): string;
  /**
   * Writes `traceparent`, `tracestate` and baggage into a carrier: an object of headers, a `Headers`, a `Map`, or with
   * {@link environmentSetter} the environment of a child process. Uses the registered propagator, and W3C Trace Context
   * where none is registered.
   */
  inject<Carrier>(carrier: Carrier, setter?: TextMapSetter<Carrier>): void;
}

/** A task without a callback: `using job = startTask(…)`. */
export interface StartedTask extends Task {
  /** Ends the task. Before `success()`, `fail()` or `cancel()` was called, its outcome is `abandoned`. */
  [Symbol.dispose](): void;
}
