import { errorText } from '../record/index.ts';
import { begin } from './begin.ts';
import { rootOrigin, stepOrigin } from './origin.ts';
import { runTask } from './run-task.ts';
import { warnOnce } from './shared-state.ts';
import type { TaskData, TaskOptions } from './task.ts';
import { readOptions } from './task-options.ts';

/** The data of a wrapped function: constant, or a function of its arguments. */
export type WrapData<Arguments extends readonly unknown[]> =
  | TaskData
  | ((...values: Arguments) => TaskData | undefined);

/**
 * Returns a function that calls `fn` inside a task: a step of the current task, or a root task if there is
 * none. `this`, arguments, value and error are passed on; name and number of parameters are kept.
 *
 * @param data the data; if it is a function and throws, the task has no data
 */
export function wrap<This, Arguments extends unknown[], Value>(
  fn: (this: This, ...values: Arguments) => Value,
  message: string,
  data?: WrapData<Arguments>,
  options?: TaskOptions,
): (this: This, ...values: Arguments) => Value {
  if (typeof fn !== 'function')
    throw new TypeError(`wrap() requires a function, got ${fn === null ? 'null' : typeof fn}`);
  const read = readOptions(options, 'step');
  const wrapped = function (this: This, ...values: Arguments): Value {
    const state = begin(message, dataOf(data, values), read, stepOrigin() ?? rootOrigin());
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
    warnOnce(
      'wrap data',
      `the function for the data of a wrapped task threw (${errorText(error)}); the task has no data`,
    );
    return undefined;
  }
}

/**
 * The result of {@link asTask}: a method decorator, both in the standard (TC39) form and in the form of
 * TypeScript's `experimentalDecorators`.
 */
export interface TaskDecorator<This, Arguments extends unknown[], Value> {
  (
    prototype: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<(...values: Arguments) => Value>,
  ): void;
  (
    method: (this: This, ...values: Arguments) => Value,
    context: ClassMethodDecoratorContext<This, (this: This, ...values: Arguments) => Value>,
  ): (this: This, ...values: Arguments) => Value;
}

/**
 * Returns a method decorator that makes each call a task: `@asTask('charge card')`. It works as a standard
 * decorator and with `experimentalDecorators`.
 * @throws TypeError when the class is defined, if it is used on anything other than a method
 */
export function asTask<This, Arguments extends unknown[], Value>(
  message: string,
  data?: WrapData<Arguments>,
  options?: TaskOptions,
): TaskDecorator<This, Arguments, Value> {
  type Method = (this: This, ...values: Arguments) => Value;
  return ((target: unknown, context: unknown, descriptor?: TypedPropertyDescriptor<Method>) => {
    if (typeof descriptor?.value === 'function') {
      const method = descriptor.value;
      descriptor.value = wrap(method, message, data, options);
      copyMetadata(method, descriptor.value);
      return undefined;
    }
    if ((context as { kind?: unknown } | null | undefined)?.kind !== 'method') {
      throw new TypeError('@asTask() can only decorate methods of a class');
    }
    return wrap(target as Method, message, data, options);
  }) as TaskDecorator<This, Arguments, Value>;
}

/** Copies the metadata that frameworks store on methods with reflect-metadata, such as routes. */
function copyMetadata(from: object, to: object): void {
  const reflect = Reflect as {
    getOwnMetadataKeys?: (target: object) => unknown[];
    getOwnMetadata?: (key: unknown, target: object) => unknown;
    defineMetadata?: (key: unknown, value: unknown, target: object) => void;
  };
  for (const key of reflect.getOwnMetadataKeys?.(from) ?? []) {
    reflect.defineMetadata?.(key, reflect.getOwnMetadata?.(key, from), to);
  }
}
