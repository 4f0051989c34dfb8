import { type Span, SpanStatusCode } from '@opentelemetry/api';
import {
  ERROR_TYPE,
  EXCEPTION_MESSAGE,
  EXCEPTION_STACKTRACE,
  EXCEPTION_TYPE,
  errorText,
  Severity,
  TASK_ABANDONED_EVENT,
  TASK_CANCELLED_EVENT,
  TASK_DURATION,
  TASK_FAILED_EVENT,
  TASK_FAILED_IN,
  TASK_OUTCOME,
  TASK_SUCCEEDED_EVENT,
} from '../record/index.ts';
import { describe, type Failure, isAbort, NO_ERROR_TYPE, stackOf } from './failure.ts';
import { OUTCOME_RANK, type TaskOutcome, type Verdict } from './outcome.ts';
import { emitRecord } from './records.ts';
import { warnOnce } from './shared-state.ts';
import type { TaskState } from './task-state.ts';

const EVENTS: Readonly<Record<TaskOutcome, string>> = {
  succeeded: TASK_SUCCEEDED_EVENT,
  failed: TASK_FAILED_EVENT,
  cancelled: TASK_CANCELLED_EVENT,
  abandoned: TASK_ABANDONED_EVENT,
};

/**
 * Ends a task whose callback returned, or which was disposed, with the outcome that was reported before, or
 * else with `otherwise`. Never throws.
 */
export function end(task: TaskState, otherwise: TaskOutcome): void {
  close(task, task.verdict ?? { outcome: otherwise, message: undefined });
}

/** Ends a task whose callback threw. Never throws. */
export function endThrown(task: TaskState, error: unknown): void {
  const outcome = isAbort(error) ? 'cancelled' : 'failed';
  const reported = task.verdict;
  const message = reported?.outcome === outcome ? reported.message : undefined;
  const isWorse = reported !== undefined && OUTCOME_RANK[reported.outcome] > OUTCOME_RANK[outcome];
  close(task, isWorse ? reported : { outcome, message, failure: { error } });
}

function close(task: TaskState, verdict: Verdict): void {
  if (task.ended) return;
  task.ended = true;
  const { outcome } = verdict;
  const added: Record<string, unknown> = {
    [TASK_OUTCOME]: outcome,
    // Seconds, rounded to nanoseconds, because further digits are rounding errors of the subtraction.
    [TASK_DURATION]: Math.round((performance.now() - task.startedMillis) * 1e6) / 1e9,
  };
  let severity = outcome === 'abandoned' ? Math.max(task.severity, Severity.WARN) : task.severity;
  let failure: Failure | undefined;
  let expected = false;
  if (outcome === 'failed') {
    expected = isExpected(task, verdict.failure?.error);
    severity = expected ? Severity.WARN : Severity.ERROR;
    failure = addFailure(task, verdict, added);
  }
  emitRecord(task, EVENTS[outcome], severity, bodyOf(task, verdict, failure), added);
  try {
    closeSpan(task.span, verdict, failure, expected);
  } catch (error) {
    warnOnce('span end', `a span could not be ended (${errorText(error)})`);
  }
}

/**
 * Returns the body of the end record. It is the message of `success()`; other bodies start with the task's
 * text.
 */
function bodyOf(
  task: TaskState,
  { outcome, message, failure }: Verdict,
  described: Failure | undefined,
): string {
  if (outcome === 'succeeded') return message ?? `${task.text} succeeded`;
  const thrown = failure === undefined ? undefined : (described ?? describe(failure.error));
  const reason = message ?? (thrown === undefined ? undefined : `${thrown.type}: ${thrown.message}`);
  return reason === undefined ? `${task.text} ${outcome}` : `${task.text} ${outcome}: ${reason}`;
}

/**
 * Adds the attributes of an error. The innermost task of an error records its stack; the others refer to it.
 */
function addFailure(
  task: TaskState,
  { failure }: Verdict,
  added: Record<string, unknown>,
): Failure | undefined {
  if (failure === undefined) {
    added[ERROR_TYPE] = NO_ERROR_TYPE;
    return undefined;
  }
  const { error } = failure;
  const described = describe(error);
  added[ERROR_TYPE] = described.type;
  added[EXCEPTION_TYPE] = described.type;
  added[EXCEPTION_MESSAGE] = described.message;
  const inner = recordedIn(task, error);
  if (inner !== undefined) added[TASK_FAILED_IN] = inner;
  else {
    const stack = stackOf(error);
    if (stack !== undefined) added[EXCEPTION_STACKTRACE] = stack;
  }
  if (task.parent !== undefined) remember(task.parent, error, inner ?? task.id);
  return described;
}

/** How many thrown primitives are kept per task. */
const MAX_PRIMITIVES = 8;

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Returns the id of the inner task that recorded the error's stack. */
function recordedIn(task: TaskState, error: unknown): string | undefined {
  return isObject(error) ? task.failedIn?.get(error) : task.failedInOf?.get(error);
}

function remember(parent: TaskState, error: unknown, id: string): void {
  if (!isObject(error)) {
    parent.failedInOf ??= new Map();
    const kept = parent.failedInOf;
    kept.delete(error);
    kept.set(error, id);
    if (kept.size > MAX_PRIMITIVES) kept.delete(kept.keys().next().value);
    return;
  }
  parent.failedIn ??= new WeakMap();
  parent.failedIn.set(error, id);
}

function isExpected(task: TaskState, error: unknown): boolean {
  const { expected } = task;
  if (typeof expected !== 'function') return expected === true;
  try {
    const answer: unknown = expected(error);
    if (typeof answer === 'boolean') return answer;
    // A promise cannot be awaited here, and its rejection must not terminate the process.
    if (isThenable(answer)) answer.then(undefined, () => {});
    warnOnce(
      'expected answer',
      `the function "expected" of a task must return true or false, got ${typeof answer}; the error counts as unexpected`,
    );
    return false;
  } catch (thrown) {
    warnOnce(
      'expected',
      `the function "expected" of a task threw (${errorText(thrown)}); the error counts as unexpected`,
    );
    return false;
  }
}

/**
 * Semantic conventions, "Recording errors": status Error with `error.type` on failure, unset on success. Only
 * the application may set Ok, and it is final.
 */
function closeSpan(span: Span, verdict: Verdict, failure: Failure | undefined, expected: boolean): void {
  const { outcome, message } = verdict;
  span.setAttribute(TASK_OUTCOME, outcome);
  if (outcome === 'failed') {
    span.setAttribute(ERROR_TYPE, failure?.type ?? NO_ERROR_TYPE);
    const text = message ?? failure?.message;
    const status = { code: SpanStatusCode.ERROR };
    if (!expected) span.setStatus(text === undefined ? status : { ...status, message: text });
  } else if (outcome === 'succeeded' && verdict.confirmed === true) {
    span.setStatus({ code: SpanStatusCode.OK });
  }
  span.end();
}

/** Whether the value can be awaited. Never throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true;
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return false;
  }
}
