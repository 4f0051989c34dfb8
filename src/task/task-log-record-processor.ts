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
   * The lowest severity whose records get `code.file.path`, `code.line.number` and `code.function.name` of the call that
   * logged them. It captures a stack for each such record (some microseconds). Default: `false`, none.
   */
  readonly callSite?: SeverityLike | false | undefined;
}

/** The default of {@link TaskLogRecordProcessorOptions}, and what is valid. */
export const processorOptions = group({
  callSite: converted<SeverityLike | false>()({
    expected: `${EXPECTED_SEVERITY}, or false`,
    isRange: true,
    parse: (value) => (value === false ? Number.POSITIVE_INFINITY : severityNumber(value)),
    default: false,
  }),
});

/** The part of a record of either line that is written. */
export interface WritableRecord {
  /** Its data, to be read. */
  readonly attributes: Record<string, unknown>;
  /** How many attributes the limits of the SDK dropped. */
  readonly droppedAttributesCount?: number | undefined;
  /** What kind of event it is, if it is one. */
  readonly eventName?: string | undefined;
  /** From 1 to 24; undefined or 0 if it has none. */
  readonly severityNumber?: number | undefined;
  /** Trace, span and flags. */
  spanContext?: unknown;
  /** Adds an attribute, or replaces its value. */
  setAttribute(key: string, value: unknown): unknown;
}

/**
 * Adds its task to every record, of any logger: `task.id`, `task.name`, `task.sequence`, `task.parent.id`, and the data
 * that is bound to the task. Attributes that the record has already are not changed.
 *
 * Register it before the processor that exports or holds: `processors: [new TaskLogRecordProcessor(), burst]`. It keeps
 * nothing, so flush and shutdown have nothing to do.
 */
export class TaskLogRecordProcessor implements LogRecordProcessorLike {
  readonly #callSiteFrom: number;
  /** The data of the last task that the SDK took whole, and beside how many attributes. */
  #fitting: TaskMarks['bound'] | undefined;
  #fittingBeside = 0;

  constructor(options: TaskLogRecordProcessorOptions = {}) {
    this.#callSiteFrom = resolve(processorOptions, 'TaskLogRecordProcessor', options).callSite;
  }

  onEmit(record: WritableRecord, context?: Context): void {
    const release = context === undefined ? undefined : releaseOf(context);
    if (release !== undefined) {
      // Numbered when it was written, and whoever called the logger is long gone.
      if (release.marks !== undefined) this.#write(record, release.marks, release.sequence);
      return;
    }
    const task = context === undefined ? undefined : taskOf(context);
    if (task !== undefined) this.#mark(record, task);
    else if (context === undefined || context === ROOT_CONTEXT) this.#markByFallback(record);
    if (this.#callSiteFrom <= 24 && rankOf(record.severityNumber) >= this.#callSiteFrom) markCallSite(record);
  }

  /** It needs no record for itself: a logger is off when all its processors say so. */
  enabled(): boolean {
    return false;
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  /** Without a context manager, the SDK passes the root context, and the record has no trace. */
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
   * The SDK checks each attribute that is set, which takes longer than all the rest. What it has taken whole on
   * one record of a task it need not check on the next, if that one has no more attributes of its own.
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
      // Not by its value: every object has a "constructor".
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
 * @returns whether attributes may be written without the SDK. Old ones compute what was dropped from what is there,
 * and would report a negative number.
 */
function writeSequence(record: WritableRecord, sequence: number): boolean {
  const before = record.droppedAttributesCount;
  record.attributes[TASK_SEQUENCE] = sequence;
  if (record.droppedAttributesCount === before) return true;
  writeOwn(record, TASK_SEQUENCE, sequence);
  return false;
}

/**
 * Writes an attribute of ours, which the SDK's limits must not drop or shorten: without it the record is in no tree.
 * A record that is full already would only count it as dropped.
 */
function writeOwn(record: WritableRecord, key: string, value: unknown): void {
  const isFull = (record.droppedAttributesCount ?? 0) > 0;
  if (!isFull) record.setAttribute(key, value);
  if (record.attributes[key] !== value) record.attributes[key] = value;
}

/** One of the task's own records has all attributes but those that a limit dropped or shortened. */
function restoreOwn(record: WritableRecord, emitted: Readonly<Record<string, unknown>>): void {
  const { attributes } = record;
  for (const key in emitted) {
    // Most are as they were emitted: the name need not be looked at.
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
