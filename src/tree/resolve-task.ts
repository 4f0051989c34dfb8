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
/** How Python distlog begins the text of the record that says that a task failed. */
const PYTHON_FAILED = 'FAILED ';

/** A place in the task, from 1; undefined where the record does not say, or says nonsense. */
export function sequenceOf(record: TreeRecord): number | undefined {
  const value = record.attributes[TASK_SEQUENCE];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 ? value : undefined;
}

/** What the record says about the end of its task. */
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
 * Orders the records of a task, leaves out the copies, and reads from them what there is to know of it.
 * @returns the number of copies
 */
export function resolveTask(task: MutableTask): number {
  const came = task.records.length;
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
  return came - task.records.length;
}

function endWith(task: MutableTask, record: TreeRecord, outcome: Outcome): void {
  task.end = record;
  task.outcome = outcome;
}

/**
 * A task of Python distlog logs its start, and at its end the same text again, or what success() was given, or `FAILED`
 * and the text. None of these is an event, so an end with a text of its own is a record like any other.
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

/** By sequence. The same sequence with the same event is the same record, whatever became of it on its way. */
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

/** By time, for records of no task or without a sequence. Only what is the same in everything is a copy. */
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

/** Records without a sequence go before the first numbered one that is later, and before an end of their time. */
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
