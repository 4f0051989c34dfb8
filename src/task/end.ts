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
import { OUTCOME_RANK, type Outcome, type Verdict } from './outcome.ts';
import { tell } from './records.ts';
import { tellOnce } from './shared-state.ts';
import type { TaskState } from './task-state.ts';
import { isThenable } from './thenable.ts';

const EVENTS: Readonly<Record<Outcome, string>> = {
  succeeded: TASK_SUCCEEDED_EVENT,
  failed: TASK_FAILED_EVENT,
  cancelled: TASK_CANCELLED_EVENT,
  abandoned: TASK_ABANDONED_EVENT,
};

/**
 * Ends a task whose callback returned, or that was disposed of: with what was said before, else with
 * `otherwise`. Never throws.
 */
export function end(task: TaskState, otherwise: Outcome): void {
  close(task, task.verdict ?? { outcome: otherwise, message: undefined });
}

/** Ends a task whose callback threw. Never throws. */
export function endThrown(task: TaskState, error: unknown): void {
  const outcome = isAbort(error) ? 'cancelled' : 'failed';
  const said = task.verdict;
  const message = said?.outcome === outcome ? said.message : undefined;
  const stands = said !== undefined && OUTCOME_RANK[said.outcome] > OUTCOME_RANK[outcome];
  close(task, stands ? said : { outcome, message, failure: { error } });
}

function close(task: TaskState, verdict: Verdict): void {
  if (task.ended) return;
  task.ended = true;
  const { outcome } = verdict;
  const added: Record<string, unknown> = {
    [TASK_OUTCOME]: outcome,
    // Seconds, to the nanosecond: the digits behind are of the subtraction only.
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
  tell(task, EVENTS[outcome], severity, bodyOf(task, verdict, failure), added);
  try {
    closeSpan(task.span, verdict, failure, expected);
  } catch (error) {
    tellOnce('span end', `a span could not be ended (${errorText(error)})`);
  }
}

/** What people read. What `success()` says stands alone; the others name the goal that was missed. */
function bodyOf(task: TaskState, { outcome, message, failure }: Verdict, told: Failure | undefined): string {
  if (outcome === 'succeeded') return message ?? `${task.text} succeeded`;
  const thrown = failure === undefined ? undefined : (told ?? describe(failure.error));
  const reason = message ?? (thrown === undefined ? undefined : `${thrown.type}: ${thrown.message}`);
  return reason === undefined ? `${task.text} ${outcome}` : `${task.text} ${outcome}: ${reason}`;
}

/** An error is told with its stack once, by the innermost task it went through; the others point there. */
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
  const told = describe(error);
  added[ERROR_TYPE] = told.type;
  added[EXCEPTION_TYPE] = told.type;
  added[EXCEPTION_MESSAGE] = told.message;
  const below = toldBelow(task, error);
  if (below !== undefined) added[TASK_FAILED_IN] = below;
  else {
    const stack = stackOf(error);
    if (stack !== undefined) added[EXCEPTION_STACKTRACE] = stack;
  }
  if (task.parent !== undefined) remember(task.parent, error, below ?? task.id);
  return told;
}

/** How many thrown values that are no objects a task knows by where they came from. */
const MAX_PRIMITIVES = 8;

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function toldBelow(task: TaskState, error: unknown): string | undefined {
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
    // The record of the end cannot wait for a promise; and if it rejects, that is the application's end for nothing.
    if (isThenable(answer)) answer.then(undefined, () => {});
    tellOnce(
      'expected answer',
      `the function "expected" of a task must return true or false, got ${typeof answer}; the error is unexpected`,
    );
    return false;
  } catch (thrown) {
    tellOnce(
      'expected',
      `the function "expected" of a task threw (${errorText(thrown)}); the error is unexpected`,
    );
    return false;
  }
}

/**
 * Semantic conventions, "Recording errors": status Error with `error.type` on failure, unset on success. Ok is
 * for the application alone to say, and it is final.
 */
function closeSpan(span: Span, verdict: Verdict, failure: Failure | undefined, expected: boolean): void {
  const { outcome, message } = verdict;
  span.setAttribute(TASK_OUTCOME, outcome);
  if (outcome === 'failed') {
    span.setAttribute(ERROR_TYPE, failure?.type ?? NO_ERROR_TYPE);
    const said = message ?? failure?.message;
    const status = { code: SpanStatusCode.ERROR };
    if (!expected) span.setStatus(said === undefined ? status : { ...status, message: said });
  } else if (outcome === 'succeeded' && verdict.vouched === true) {
    span.setStatus({ code: SpanStatusCode.OK });
  }
  span.end();
}
