import { TASK_SEQUENCE, type TaskMarks } from '../record/index.ts';
import type { TaskState } from './task-state.ts';

/**
 * Returns the data that a task adds to its records. The object is created on first use, and again after data
 * was bound. A held record keeps this object, with the data of the time when it was emitted, and not the
 * task.
 */
export function marksOf(task: TaskState): TaskMarks {
  task.marks ??= { id: task.id, name: task.name, parentId: task.parentId, bound: task.bound };
  return task.marks;
}

/**
 * Numbers a record that is emitted in a task. Its number is `task.sequence` afterwards.
 * @returns false if it is not numbered, because it is one of the task's own records or already has a number
 */
export function numberRecord(
  task: TaskState,
  eventName: string | undefined,
  attributes: Readonly<Record<string, unknown>> | undefined,
): boolean {
  const { emitting } = task;
  if (emitting !== undefined && emitting.eventName === eventName) return false;
  if (attributes?.[TASK_SEQUENCE] !== undefined) return false;
  task.sequence += 1;
  return true;
}
