export { environmentSetter } from './inject.ts';
export type { TaskOutcome } from './outcome.ts';
export type { TaskFunction } from './run-task.ts';
export { fallbackContext } from './shared-state.ts';
export { startTask } from './start-task.ts';
export type {
  ImportTaskOptions,
  StartedTask,
  StartTaskOptions,
  Task,
  TaskData,
  TaskOptions,
} from './task.ts';
export { isInTask, rootTaskId, taskOf } from './task-context.ts';
export { currentTask, importTask, task, to } from './task-forms.ts';
export { TaskLogRecordProcessor, type TaskLogRecordProcessorOptions } from './task-log-record-processor.ts';
export { marksOf, numberRecord } from './task-marks.ts';
export { asTask, type TaskDecorator, type WrapData, wrap } from './wrap.ts';
