import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import {
  CODE_FILE_PATH,
  CODE_FUNCTION_NAME,
  CODE_LINE_NUMBER,
  EXPECTED_SEVERITY,
  type LogRecordProcessorLike,
  rankOf,
  releaseOf,
  type SeverityLike,
  severityNumber,
  TASK_ID,
  TASK_NAME,
  TASK_PARENT_ID,
  TASK_SEQUENCE,
  type TaskMarks,
} from '../record/index.ts';
import { converted, group, resolve } from '../settings/index.ts';
import { callSite } from './call-site.ts';
import { fallbackContext } from './shared-state.ts';
import { taskOf } from './task-context.ts';
import { marksOf, numberRecord } from './task-marks.ts';
import type { TaskState } from './task-state.ts';

/** Options of {@link TaskLogRecordProcessor}. */
export interface TaskLogRecordProcessorOptions {
  /**
   * Records at or above this severity get `code.file.path`, `code.line.number` and `code.function.name` of
   * the call that logged them. A stack is captured for each such record (some microseconds). Default:
   * `false`, disabled.
   */
  readonly callSite?: SeverityLike | false | undefined;
}

/** The definition of {@link TaskLogRecordProcessorOptions}: default and valid values. */
export const processorOptions = group({
  callSite: converted<SeverityLike | false>()({
    expected: `${EXPECTED_SEVERITY}, or false`,
    isRange: true,
    parse: (value) => (value === false ? Number.POSITIVE_INFINITY : severityNumber(value)),
    default: false,
  }),
});

/** The part of a read-write record, of OTel JS 2.x or 3.x, that is used here. */
export interface WritableRecord {
  /** The attributes. */
  readonly attributes: Record<string, unknown>;
  /** The number of attributes dropped by the limits of the SDK. */
  readonly droppedAttributesCount?: number | undefined;
  /** The name of the event, if the record is an event. */
  readonly eventName?: string | undefined;
  /** From 1 to 24; undefined or 0 if it is not specified. */
  readonly severityNumber?: number | undefined;
  /** Trace, span and flags. */
  spanContext?: unknown;
  /** Adds or replaces an attribute. */
  setAttribute(key: string, value: unknown): unknown;
}

/**
 * Adds the attributes of the current task to every record, of any logger: `task.id`, `task.name`,
 * `task.sequence`, `task.parent.id`, and the data bound to the task. Existing attributes of a record are not
 * changed.
 *
 * Register it before the processor that exports or holds records: `processors: [new TaskLogRecordProcessor(),
 * burst]`. It buffers nothing, so flush and shutdown do nothing.
 */
export class TaskLogRecordProcessor implements LogRecordProcessorLike {
  readonly #callSiteFrom: number;
  /**
   * The data of the last task that fit within the SDK's limits, and the number of other attributes beside it.
   */
  #fitting: TaskMarks['bound'] | undefined;
  #fittingBeside = 0;

  constructor(options: TaskLogRecordProcessorOptions = {}) {
    this.#callSiteFrom = resolve(processorOptions, 'TaskLogRecordProcessor', options).callSite;
  }

  onEmit(record: WritableRecord, context?: Context): void {
    const release = context === undefined ? undefined : releaseOf(context);
    if (release !== undefined) {
      // The record was numbered when it was emitted, and its call site is not on the stack any more.
      if (release.marks !== undefined) this.#write(record, release.marks, release.sequence);
      return;
    }
    const task = context === undefined ? undefined : taskOf(context);
    if (task !== undefined) this.#mark(record, task);
    else if (context === undefined || context === ROOT_CONTEXT) this.#markByFallback(record);
    if (this.#callSiteFrom <= 24 && rankOf(record.severityNumber) >= this.#callSiteFrom) markCallSite(record);
  }

  /**
   * Returns false, because a logger is enabled if any processor returns true, and this one needs no records.
   */
  enabled(): boolean {
    return false;
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Handles the case without a context manager: the SDK passes the root context, and the record has no trace.
   */
  #markByFallback(record: WritableRecord): void {
    const context = fallbackContext();
    const task = context === undefined ? undefined : taskOf(context);
    if (task === undefined) return;
    record.spanContext ??= task.spanContext;
    this.#mark(record, task);
  }

  #mark(record: WritableRecord, task: TaskState): void {
    const { emitting } = task;
    if (numberRecord(task, record.eventName, record.attributes)) {
      this.#write(record, marksOf(task), task.sequence);
    } else if (emitting !== undefined && emitting.eventName === record.eventName) {
      restoreOwn(record, emitting.attributes);
    }
  }

  #write(record: WritableRecord, marks: TaskMarks, sequence: number): void {
    const { attributes } = record;
    const { id, name, parentId, bound } = marks;
    const before = countOf(attributes);
    if (bound !== this.#fitting || before > this.#fittingBeside) {
      return this.#writeWithinLimits(record, marks, sequence, before);
    }
    if (attributes[TASK_ID] === undefined) attributes[TASK_ID] = id;
    if (attributes[TASK_NAME] === undefined) attributes[TASK_NAME] = name;
    attributes[TASK_SEQUENCE] = sequence;
    if (parentId !== undefined && attributes[TASK_PARENT_ID] === undefined) {
      attributes[TASK_PARENT_ID] = parentId;
    }
    for (const key in bound) if (!Object.hasOwn(attributes, key)) attributes[key] = bound[key];
  }

  /**
   * Sets attributes through the SDK, which checks each of them. This is the most expensive part. If the SDK
   * accepted all data on one record of a task, it is not checked again on records with as many or fewer other
   * attributes.
   */
  #writeWithinLimits(record: WritableRecord, marks: TaskMarks, sequence: number, before: number): void {
    const { attributes } = record;
    const { id, name, parentId, bound } = marks;
    const mayBeWritten = writeSequence(record, sequence);
    if (attributes[TASK_ID] === undefined) writeOwn(record, TASK_ID, id);
    if (attributes[TASK_NAME] === undefined) writeOwn(record, TASK_NAME, name);
    if (parentId !== undefined && attributes[TASK_PARENT_ID] === undefined) {
      writeOwn(record, TASK_PARENT_ID, parentId);
    }
    let isWhole = true;
    for (const key in bound) {
      // The value is not compared to undefined, because every object has a "constructor".
      if (!Object.hasOwn(attributes, key)) record.setAttribute(key, bound[key]);
      if (attributes[key] !== bound[key]) isWhole = false;
    }
    if (!isWhole || !mayBeWritten) return;
    this.#fitting = bound;
    this.#fittingBeside = before;
  }
}

function countOf(attributes: Readonly<Record<string, unknown>>): number {
  let count = 0;
  for (const _ in attributes) count += 1;
  return count;
}

/**
 * @returns whether attributes may be written directly. Older SDKs compute the dropped count from the number
 *   of attributes, and would report a negative number.
 */
function writeSequence(record: WritableRecord, sequence: number): boolean {
  const before = record.droppedAttributesCount;
  record.attributes[TASK_SEQUENCE] = sequence;
  if (record.droppedAttributesCount === before) return true;
  writeOwn(record, TASK_SEQUENCE, sequence);
  return false;
}

/**
 * Writes a `task.*` attribute, which the SDK's limits must not drop or truncate, because a reader needs it to
 * build the tree. If the record is full, the SDK would only count it as dropped, so it is not called.
 */
function writeOwn(record: WritableRecord, key: string, value: unknown): void {
  const isFull = (record.droppedAttributesCount ?? 0) > 0;
  if (!isFull) record.setAttribute(key, value);
  if (record.attributes[key] !== value) record.attributes[key] = value;
}

/** Restores the `task.*` attributes of a task's own record that were dropped or truncated by a limit. */
function restoreOwn(record: WritableRecord, emitted: Readonly<Record<string, unknown>>): void {
  const { attributes } = record;
  for (const key in emitted) {
    // Values are compared first, because most are unchanged.
    if (attributes[key] !== emitted[key] && key.startsWith('task.')) writeOwn(record, key, emitted[key]);
  }
}

function markCallSite(record: WritableRecord): void {
  const site = callSite();
  if (site === undefined || record.attributes[CODE_FILE_PATH] !== undefined) return;
  record.setAttribute(CODE_FILE_PATH, site.file);
  record.setAttribute(CODE_LINE_NUMBER, site.line);
  if (site.functionName !== undefined) record.setAttribute(CODE_FUNCTION_NAME, site.functionName);
}
