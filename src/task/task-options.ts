import { errorText } from '../record/index.ts';
import { warnOnce } from './shared-state.ts';
import type { ImportTaskOptions, StartTaskOptions, TaskOptions } from './task.ts';

/** The options of every way to start a task. */
export type AnyTaskOptions = TaskOptions & ImportTaskOptions & StartTaskOptions;

const ALWAYS: readonly string[] = ['severity', 'inherit', 'kind', 'expected'];
const names = {
  step: ALWAYS,
  import: [...ALWAYS, 'link'],
  start: [...ALWAYS, 'parent'],
};
const booleans: readonly string[] = ['inherit', 'link'];

/**
 * Reads options. Never throws: a wrong or unknown option is logged once and ignored. Values of `severity`, `kind` and
 * `parent` are checked where they are used.
 *
 * @param form how the task is started: each way has options of its own
 */
export function readOptions(options: unknown, form: keyof typeof names): AnyTaskOptions | undefined {
  if (options === undefined || options === null) return undefined;
  if (typeof options !== 'object') {
    warnOnce('options', `the options of a task must be an object, got ${typeof options}; it has none`);
    return undefined;
  }
  const known = names[form];
  const read: Record<string, unknown> = {};
  for (const name of known) {
    try {
      const value = (options as Record<string, unknown>)[name];
      if (isUsable(name, value)) read[name] = value;
    } catch (error) {
      warnOnce(`option ${name}`, `the option "${name}" of a task could not be read (${errorText(error)})`);
    }
  }
  warnOfUnknown(options, known);
  return read;
}

function isUsable(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  const isBoolean = typeof value === 'boolean';
  if (booleans.includes(name) && !isBoolean) {
    warnOnce(`option ${name}`, `the option "${name}" of a task must be true or false, got ${typeof value}`);
    return false;
  }
  if (name === 'expected' && !isBoolean && typeof value !== 'function') {
    warnOnce(
      'option expected',
      `the option "expected" of a task must be true, false or a function, got ${typeof value}`,
    );
    return false;
  }
  return true;
}

function warnOfUnknown(options: object, known: readonly string[]): void {
  try {
    for (const name of Object.keys(options)) {
      if (known.includes(name)) continue;
      warnOnce(
        'option unknown',
        `a task has no option ${JSON.stringify(name.slice(0, 64))}; there are ${known.join(', ')}`,
      );
      return;
    }
  } catch {
    // A proxy that hides its keys: the known options were read.
  }
}
