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

/** What a record of a task is expected to be. */
export interface ExpectedRecord {
  /** Its severity, a number or a name. Default: any. */
  readonly severity?: SeverityLike | undefined;
  /** Attributes that it must have; others do not matter. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Assertions about a task, as it was when `task()` was called. A method that fails throws an
 * `AssertionError` with the whole tree in its message; else it returns what to assert next.
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
   * That it succeeded.
   * @param message the text of the end, whole or as a pattern
   */
  succeeded(message?: string | RegExp): this {
    return this.#ended('succeeded', message);
  }

  /**
   * That it failed.
   * @param error the expected error: `type: message`, or a pattern of it
   */
  failed(error?: string | RegExp): this {
    this.#ended('failed', undefined);
    const actual = this.#task.end === undefined ? undefined : errorOf(this.#task.end);
    const text = actual === undefined ? (this.#task.end?.body ?? '') : `${actual.type}: ${actual.message}`;
    if (error !== undefined && !fits(text, error))
      this.#fail(`to have failed of ${shownText(error)}`, text, error);
    return this;
  }

  /**
   * That it was cancelled.
   * @param message the text of the end, whole or as a pattern
   */
  cancelled(message?: string | RegExp): this {
    return this.#ended('cancelled', message);
  }

  /** That it was disposed of without an outcome. */
  abandoned(): this {
    return this.#ended('abandoned', undefined);
  }

  /** That its start was written, and no end. */
  unfinished(): this {
    return this.#ended('unknown', undefined);
  }

  /** Data that it must have, given or bound; other data does not matter. */
  withData(wanted: Readonly<Record<string, unknown>>): this {
    const data = dataOf(this.#task);
    if (!has(data, wanted)) this.#fail('to have this data', data, wanted);
    return this;
  }

  /** The first step of this name right below it, to go on with. */
  withStep(name: string): TaskAssertion {
    const found = childrenOf(this.#task).find((step) => step.name === name);
    if (found !== undefined) return new TaskAssertion(found, this.#trees);
    return this.#fail(`to have the step ${JSON.stringify(name)}`, this.#steps(), [name]);
  }

  /** Its steps, all of them, in the order in which they began. */
  withSteps(...names: readonly string[]): this {
    const steps = this.#steps();
    if (!isDeepStrictEqual(steps, [...names])) this.#fail('to have these steps', steps, names);
    return this;
  }

  /** A record inside it (of any logger, not of a step), by its body. */
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
    const said = this.#task.end?.body ?? '';
    if (message !== undefined && !fits(said, message))
      this.#fail(`to say ${shownText(message)}`, said, message);
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

/** An error whose message ends with the tree. */
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
  // A pattern with the flag g remembers where it was.
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
