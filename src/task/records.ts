import {
  errorText,
  Severity,
  type SeverityName,
  TASK_ID,
  TASK_NAME,
  TASK_PARENT_ID,
  TASK_SEQUENCE,
} from '../record/index.ts';
import { currentLogger, warnOnce } from './shared-state.ts';
import type { TaskState } from './task-state.ts';

const NAMES: readonly string[] = Object.keys(Severity).filter((name) => Severity[name as SeverityName] > 0);

/** Emits one of the task's own records: its start or its end. Never throws. */
export function emitRecord(
  task: TaskState,
  eventName: string,
  severityNumber: number,
  body: string,
  added?: Readonly<Record<string, unknown>>,
): void {
  try {
    const logger = currentLogger();
    if (logger === undefined) return;
    const { context } = task;
    if (logger.enabled !== undefined && !logger.enabled({ severityNumber, eventName, context })) return;
    task.sequence += 1;
    const attributes: Record<string, unknown> = {
      [TASK_ID]: task.id,
      [TASK_NAME]: task.name,
      [TASK_SEQUENCE]: task.sequence,
    };
    if (task.parentId !== undefined) attributes[TASK_PARENT_ID] = task.parentId;
    // Added before the data, because the SDK's attribute limit drops the last ones.
    for (const key in added) attributes[key] = added[key];
    const { bound } = task;
    for (const key in bound) if (!Object.hasOwn(attributes, key)) attributes[key] = bound[key];
    const severityText = NAMES[severityNumber - 1] as string;
    const record = { eventName, severityNumber, severityText, body, attributes, context };
    task.emitting = record;
    logger.emit(record);
  } catch (error) {
    warnOnce('emit', `a record of a task could not be emitted (${errorText(error)})`);
  } finally {
    task.emitting = undefined;
  }
}
