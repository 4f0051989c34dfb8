import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { parseSeverity, type SeverityLike } from '../record/index.ts';
import {
  childrenOf,
  dataOf,
  errorOf,
  lines,
  type Outcome,
  pathOf,
  type Task,
  type TreeRecord,
  type Trees,
} from '../tree/index.ts';

/** The expected properties of a record. */
export interface ExpectedRecord {
  /** The severity, as a number or a name. Default: any. */
  readonly severity?: SeverityLike | undefined;
  /** Attributes that the record must have; others are ignored. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Assertions about a task, in its state when `task()` was called. A method that fails throws an
 * `AssertionError` whose message contains the whole tree. Otherwise it returns the object for the next
 * assertion.
 */
export class TaskAssertion {
  readonly #task: Task;
  readonly #trees: Trees;

  /** @internal */
  constructor(task: Task, trees: Trees) {
    this.#task = task;
    this.#trees = trees;
  }

  /**
   * Asserts that the task succeeded.
   * @param message the message of the end, as the whole text or a pattern
   */
  succeeded(message?: string | RegExp): this {
    return this.#ended('succeeded', message);
  }

  /**
   * Asserts that the task failed.
   * @param error the expected error: `type: message`, or a pattern for it
   */
  failed(error?: string | RegExp): this {
    this.#ended('failed', undefined);
    const actual = this.#task.end === undefined ? undefined : errorOf(this.#task.end);
    const text = actual === undefined ? (this.#task.end?.body ?? '') : `${actual.type}: ${actual.message}`;
    if (error !== undefined && !fits(text, error))
      this.#fail(`to have failed with ${shownText(error)}`, text, error);
    return this;
  }

  /**
   * Asserts that the task was cancelled.
   * @param message the message of the end, as the whole text or a pattern
   */
  cancelled(message?: string | RegExp): this {
    return this.#ended('cancelled', message);
  }

  /** Asserts that the task was disposed of without an outcome. */
  abandoned(): this {
    return this.#ended('abandoned', undefined);
  }

  /** Asserts that the task was started but has not ended. */
  unfinished(): this {
    return this.#ended('unknown', undefined);
  }

  /** Asserts that the task has this data, given or bound; other data is ignored. */
  withData(wanted: Readonly<Record<string, unknown>>): this {
    const data = dataOf(this.#task);
    if (!has(data, wanted)) this.#fail('to have this data', data, wanted);
    return this;
  }

  /** Returns the assertions of its first direct step with this name. */
  withStep(name: string): TaskAssertion {
    const found = childrenOf(this.#task).find((step) => step.name === name);
    if (found !== undefined) return new TaskAssertion(found, this.#trees);
    return this.#fail(`to have the step ${JSON.stringify(name)}`, this.#steps(), [name]);
  }

  /** Asserts the names of all its steps, in the order in which they began. */
  withSteps(...names: readonly string[]): this {
    const steps = this.#steps();
    if (!isDeepStrictEqual(steps, [...names])) this.#fail('to have these steps', steps, names);
    return this;
  }

  /** Asserts that the task, not one of its steps, has a record with this body, from any logger. */
  withRecord(body: string | RegExp, expected: ExpectedRecord = {}): this {
    if (this.#task.records.some((record) => fits(record.body, body) && isAsExpected(record, expected)))
      return this;
    const records = this.#task.records.map((record) => record.body);
    return this.#fail(`to have the record ${shownText(body)}`, records, body);
  }

  #steps(): string[] {
    return childrenOf(this.#task).map((step) => step.name);
  }

  #ended(outcome: Outcome, message: string | RegExp | undefined): this {
    if (this.#task.outcome !== outcome)
      this.#fail(`to be ${nameOf(outcome)}`, nameOf(this.#task.outcome), nameOf(outcome));
    const body = this.#task.end?.body ?? '';
    if (message !== undefined && !fits(body, message))
      this.#fail(`to have the message ${shownText(message)}`, body, message);
    return this;
  }

  #fail(claim: string, actual: unknown, expected: unknown): never {
    throw taskError(
      `expected the task ${pathOf(this.#task).join(' › ')} ${claim}`,
      this.#trees,
      actual,
      expected,
    );
  }
}

/** Returns an error whose message ends with the tree. */
export function taskError(
  message: string,
  trees: Trees,
  actual?: unknown,
  expected?: unknown,
): AssertionError {
  const tree = [...lines(trees, { unfold: 'all', maxLines: 200 })].join('\n');
  const found = actual === undefined ? '' : `; it is ${shownText(actual)}`;
  return new AssertionError({
    message: `${message}${found}\n\n${tree === '' ? '(no records were captured)' : tree}`,
    actual,
    expected,
    operator: 'tasks',
  });
}

function nameOf(outcome: Outcome): string {
  return outcome === 'unknown' ? 'unfinished' : outcome;
}

function fits(text: string, wanted: string | RegExp): boolean {
  // `RegExp.test()` would depend on `lastIndex` for patterns with the flag g.
  return typeof wanted === 'string' ? text === wanted : text.search(wanted) >= 0;
}

function isAsExpected(record: TreeRecord, { severity, attributes }: ExpectedRecord): boolean {
  if (severity !== undefined && record.severity !== parseSeverity('severity', severity)) return false;
  return attributes === undefined || has(record.attributes, attributes);
}

function has(all: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(all[name], value));
}

function shownText(value: unknown): string {
  return value instanceof RegExp ? String(value) : JSON.stringify(value);
}
