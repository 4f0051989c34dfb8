import type { Context, SpanKind, TextMapSetter } from '@opentelemetry/api';
import type { SeverityLike } from '../record/index.ts';

/**
 * What a task is about, as attributes: they are on the task's span, and on every record that is emitted inside
 * the task, by any logger. Values of any kind are written readable (dates in ISO 8601, maps as objects, cycles
 * as `[circular]`). Keys that begin with `task.`, `burst.` or `exception.` are refused and told once.
 */
export type TaskData = Readonly<Record<string, unknown>>;

/** How a task is begun. All are optional; a wrong value is told once through `diag` and left out. */
export interface TaskOptions {
  /**
   * Severity of the records that tell the start and the end. Below the `emitLevel` of a burst processor they
   * are held, and come out with the burst. A failed end is ERROR all the same. Default: INFO.
   */
  readonly severity?: SeverityLike | undefined;
  /** Whether the data bound to the enclosing task joins this one too. What is given here wins. Default: true. */
  readonly inherit?: boolean | undefined;
  /** The kind of the span. Default: `SpanKind.INTERNAL`. */
  readonly kind?: SpanKind | undefined;
  /**
   * Which errors the caller handles: all (`true`), or those for which the function says so. The failed end is
   * then WARN, so it does not trigger a burst, and the span's status stays unset. Default: none.
   */
  readonly expected?: boolean | ((error: unknown) => boolean) | undefined;
}

/** How a task from another process is continued. */
export interface ImportTaskOptions extends TaskOptions {
  /**
   * Begin a new trace that is linked to the other one, for queues, fan-in, and callers that are not trusted.
   * An array of headers links them all. Default: false, the task is a child in the same trace.
   */
  readonly link?: boolean | undefined;
}

/** How a task without a callback is begun. */
export interface StartTaskOptions extends TaskOptions {
  /** The task it serves. Default: the current one; without one it begins a root. */
  readonly parent?: Task | undefined;
}

/**
 * A goal: what was to be achieved, and whether it was. It is a span, and it tells its start and its end as log
 * records. No method throws. After the end `bind`, `success`, `fail` and `cancel` change nothing any more, and
 * this is told once through `diag`; `run`, `context`, `inject` and `foreignTask` still work, because work that
 * was begun for a task may outlive it.
 *
 * Of several outcomes the worse one stands, whatever their order: failed, then cancelled, then succeeded. The
 * same outcome again replaces the message and is told once.
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
  /** Adds data to the task: it joins every record from here on, and children that begin from here on. */
  bind(data: TaskData): void;
  /**
   * Says that the goal was reached, and how, as `util.format` does. The record is written when the task ends.
   * The span's status becomes Ok, which says that the application vouches for it.
   */
  success(message?: string, ...values: unknown[]): void;
  /** Says that the goal was not reached, without throwing: why, as `util.format` does, or the error itself. */
  fail(reason?: unknown, ...values: unknown[]): void;
  /** Says that the goal was given up, which is no failure: nobody wanted it any more. */
  cancel(message?: string, ...values: unknown[]): void;
  /** Calls a function inside the task, e.g. the listener of an event emitter. Its value and error pass through. */
  run<T>(fn: () => T): T;
  /** The id for other processes: a W3C `traceparent` header, always well formed. */
  foreignTask(): string;
  /**
   * Writes `traceparent`, `tracestate` and baggage into a carrier: an object of headers, a `Headers`, a `Map`,
   * or with {@link environmentSetter} the environment of a child process. Uses the registered propagator, and
   * W3C Trace Context where none is registered.
   */
  inject<Carrier>(carrier: Carrier, setter?: TextMapSetter<Carrier>): void;
}

/** A task that somebody else ends: `using job = startTask(…)`. */
export interface StartedTask extends Task {
  /** Ends the task. Without `success()`, `fail()` or `cancel()` before, its outcome is `abandoned`. */
  [Symbol.dispose](): void;
}
