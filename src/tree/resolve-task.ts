import {
  DISTLOG_KEY,
  Severity,
  TASK_ABANDONED_EVENT,
  TASK_CANCELLED_EVENT,
  TASK_FAILED_EVENT,
  TASK_NAME,
  TASK_OUTCOME,
  TASK_PARENT_ID,
  TASK_SEQUENCE,
  TASK_STARTED_EVENT,
  TASK_SUCCEEDED_EVENT,
} from '../record/index.ts';
import type { MutableTask } from './mutable-nodes.ts';
import { compareRecords, compareTimes } from './order.ts';
import type { TreeRecord } from './tree-record.ts';
import type { Outcome } from './trees.ts';

const OUTCOMES: ReadonlyMap<unknown, Outcome> = new Map<unknown, Outcome>([
  [TASK_SUCCEEDED_EVENT, 'succeeded'],
  [TASK_FAILED_EVENT, 'failed'],
  [TASK_CANCELLED_EVENT, 'cancelled'],
  [TASK_ABANDONED_EVENT, 'abandoned'],
]);
const OUTCOME_WORDS: ReadonlySet<unknown> = new Set(OUTCOMES.values());
/** The prefix of the text of Python distlog's record of a failed task. */
const PYTHON_FAILED = 'FAILED ';

/** The position of a record in its task, from 1; undefined if it is missing or invalid. */
export function sequenceOf(record: TreeRecord): number | undefined {
  const value = record.attributes[TASK_SEQUENCE];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 ? value : undefined;
}

/** The outcome of the task, if this record is its end. */
export function endOf(record: TreeRecord): Outcome | undefined {
  if (record.eventName !== '') {
    const outcome = OUTCOMES.get(record.eventName);
    if (outcome !== undefined) return outcome;
    if (record.eventName === TASK_STARTED_EVENT) return undefined;
  }
  const word = record.attributes[TASK_OUTCOME];
  return OUTCOME_WORDS.has(word) ? (word as Outcome) : undefined;
}

/**
 * Sorts the records of a task, removes copies, and derives the fields of the task from them.
 * @returns the number of copies
 */
export function resolveTask(task: MutableTask): number {
  const received = task.records.length;
  task.records = inOrder(task.records);
  const [first] = task.records;
  if (first !== undefined) {
    task.service = first.service;
    task.process = first.process;
  }
  let last = 0;
  for (const record of task.records) {
    const sequence = sequenceOf(record);
    if (sequence !== undefined) {
      if (sequence > last + 1) task.missing += sequence - last - 1;
      last = sequence;
    }
    if (record.eventName === TASK_STARTED_EVENT) task.start ??= record;
    const outcome = task.end === undefined ? endOf(record) : undefined;
    if (outcome !== undefined) endWith(task, record, outcome);
    task.name ||= textOf(record, TASK_NAME);
    task.parentId ||= textOf(record, TASK_PARENT_ID);
  }
  if (task.end === undefined) resolvePythonTask(task);
  return received - task.records.length;
}

function endWith(task: MutableTask, record: TreeRecord, outcome: Outcome): void {
  task.end = record;
  task.outcome = outcome;
}

/**
 * A task of Python distlog logs its start, and at its end either the same text again, or the argument of
 * success(), or `FAILED` and the text. None of these is an event, so an end with a different text looks like
 * any other record.
 */
function resolvePythonTask(task: MutableTask): void {
  const { records, start } = task;
  const isPython = records.some(({ attributes }) => DISTLOG_KEY in attributes);
  if (start !== undefined && !isPython) return;
  const failed = records.find(
    ({ severity, body }) => severity >= Severity.ERROR && body.startsWith(PYTHON_FAILED),
  );
  if (failed !== undefined) return endWith(task, failed, 'failed');
  task.hasNoEndEvent = isPython;
  const last = records.at(-1);
  if (
    isPython &&
    last !== undefined &&
    last !== start &&
    last.body === start?.body &&
    last.severity === start.severity
  ) {
    endWith(task, last, 'succeeded');
  }
}

function textOf(record: TreeRecord, attribute: string): string {
  const value = record.attributes[attribute];
  return typeof value === 'string' ? value : '';
}

function inOrder(records: TreeRecord[]): TreeRecord[] {
  if (records.length < 2) return records;
  const isNumbered = (record: TreeRecord) => sequenceOf(record) !== undefined;
  if (records.every(isNumbered)) return numberedInOrder(records);
  const numbered = numberedInOrder(records.filter(isNumbered));
  return merged(numbered, timedInOrder(records.filter((record) => !isNumbered(record))));
}

/**
 * Sorts by sequence. Records with the same sequence and event are copies, even if one was changed in transit.
 */
function numberedInOrder(records: TreeRecord[]): TreeRecord[] {
  records.sort((one, other) => sequenceOf(one)! - sequenceOf(other)! || compareTies(one, other));
  const isCopy = (record: TreeRecord, before: TreeRecord) =>
    record.eventName === before.eventName && sequenceOf(record) === sequenceOf(before);
  return withoutCopies(records, isCopy);
}

function compareTies(one: TreeRecord, other: TreeRecord): number {
  if (one.eventName !== other.eventName) return one.eventName < other.eventName ? -1 : 1;
  return compareRecords(one, other);
}

/**
 * Sorts by time, for records without a task or without a sequence. Only records that are equal in everything
 * are copies.
 */
export function timedInOrder(records: TreeRecord[]): TreeRecord[] {
  records.sort(compareRecords);
  return withoutCopies(records, (record, before) => compareRecords(record, before) === 0);
}

function withoutCopies(
  sorted: TreeRecord[],
  isCopy: (record: TreeRecord, before: TreeRecord) => boolean,
): TreeRecord[] {
  const isFirst = (record: TreeRecord, at: number) => at === 0 || !isCopy(record, sorted[at - 1]!);
  return sorted.every(isFirst) ? sorted : sorted.filter(isFirst);
}

/**
 * Records without a sequence go before the first later numbered record, and before an end with the same time.
 */
function merged(numbered: readonly TreeRecord[], timed: readonly TreeRecord[]): TreeRecord[] {
  const all: TreeRecord[] = [];
  let next = 0;
  for (const record of numbered) {
    const bound = endOf(record) === undefined ? 0 : 1;
    while (next < timed.length && compareTimes(timed[next]!, record) < bound) all.push(timed[next++]!);
    all.push(record);
  }
  while (next < timed.length) all.push(timed[next++]!);
  return all;
}
