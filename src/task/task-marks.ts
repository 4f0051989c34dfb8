import { TASK_SEQUENCE, type TaskMarks } from '../record/index.ts';
import type { TaskState } from './task-state.ts';

/**
 * What a task writes on its records. It is made when the first record asks for it, and again when data was
 * bound: who keeps it, keeps what was true when the record was written, and not the task with its span.
 */
export function marksOf(task: TaskState): TaskMarks {
  task.marks ??= { id: task.id, name: task.name, parentId: task.parentId, bound: task.bound };
  return task.marks;
}

/**
 * Counts a record that is written in a task: its number is then `task.sequence`.
 * @returns false if it is not counted: it is one of the task's own, or the application says where it belongs
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
