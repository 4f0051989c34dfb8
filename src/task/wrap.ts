import { errorText } from '../record/index.ts';
import { begin } from './begin.ts';
import { runTask } from './run-task.ts';
import { tellOnce } from './shared-state.ts';
import type { TaskData, TaskOptions } from './task.ts';
import { rootBeginning, stepBeginning } from './task-forms.ts';
import { readOptions } from './task-options.ts';

/** Data of a wrapped function: constant, or made from its arguments. */
export type WrapData<Arguments extends readonly unknown[]> =
  | TaskData
  | ((...values: Arguments) => TaskData | undefined);

/**
 * A function that does the same inside a task: a step of the current task, or a root where there is none.
 * `this`, arguments, value and error pass through; its name and number of parameters are kept.
 *
 * @param data if it is a function and throws, the task has no data
 */
export function wrap<This, Arguments extends unknown[], Value>(
  fn: (this: This, ...values: Arguments) => Value,
  message: string,
  data?: WrapData<Arguments>,
  options?: TaskOptions,
): (this: This, ...values: Arguments) => Value {
  if (typeof fn !== 'function')
    throw new TypeError(`wrap() needs a function, got ${fn === null ? 'null' : typeof fn}`);
  const read = readOptions(options, 'step');
  const wrapped = function (this: This, ...values: Arguments): Value {
    const state = begin(message, dataOf(data, values), read, stepBeginning() ?? rootBeginning());
    return runTask(state, () => fn.apply(this, values));
  };
  Object.defineProperty(wrapped, 'name', { value: fn.name, configurable: true });
  Object.defineProperty(wrapped, 'length', { value: fn.length, configurable: true });
  return wrapped;
}

function dataOf<Arguments extends readonly unknown[]>(
  data: WrapData<Arguments> | undefined,
  values: Arguments,
): TaskData | undefined {
  if (typeof data !== 'function') return data;
  try {
    return data(...values);
  } catch (error) {
    tellOnce('wrap data', `the function that makes a wrapped task's data threw (${errorText(error)})`);
    return undefined;
  }
}

/**
 * A decorator of methods (TC39 form): each call is a task. `@asTask('charge card')`.
 * @throws TypeError where the class is defined, if it is used on anything but a method
 */
export function asTask<This, Arguments extends unknown[], Value>(
  message: string,
  data?: WrapData<Arguments>,
  options?: TaskOptions,
) {
  return (
    method: (this: This, ...values: Arguments) => Value,
    context: ClassMethodDecoratorContext<This, (this: This, ...values: Arguments) => Value>,
  ): ((this: This, ...values: Arguments) => Value) => {
    if (typeof context !== 'object' || context === null || context.kind !== 'method') {
      throw new TypeError(
        '@asTask() decorates methods, by standard (TC39) decorators; with TypeScript, "experimentalDecorators" must be off',
      );
    }
    return wrap(method, message, data, options);
  };
}
