import { errorText } from '../record/index.ts';
import { tellOnce } from './shared-state.ts';
import type { ImportTaskOptions, StartTaskOptions, TaskOptions } from './task.ts';

/** The options of every way to begin a task. */
export type AnyTaskOptions = TaskOptions & ImportTaskOptions & StartTaskOptions;

const ALWAYS: readonly string[] = ['severity', 'inherit', 'kind', 'expected'];
const names = {
  step: ALWAYS,
  import: [...ALWAYS, 'link'],
  start: [...ALWAYS, 'parent'],
};
const booleans: readonly string[] = ['inherit', 'link'];

/**
 * Reads what was given as options. Never throws: what is wrong or unknown is told once and left out. Values of
 * `severity`, `kind` and `parent` are looked at where they are used.
 *
 * @param form how the task is begun: each has options of its own
 */
export function readOptions(given: unknown, form: keyof typeof names): AnyTaskOptions | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== 'object') {
    tellOnce('options', `the options of a task must be an object, got ${typeof given}; it has none`);
    return undefined;
  }
  const known = names[form];
  const read: Record<string, unknown> = {};
  for (const name of known) {
    try {
      const value = (given as Record<string, unknown>)[name];
      if (isUsable(name, value)) read[name] = value;
    } catch (error) {
      tellOnce(`option ${name}`, `the option "${name}" of a task could not be read (${errorText(error)})`);
    }
  }
  tellUnknown(given, known);
  return read;
}

function isUsable(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  const isBoolean = typeof value === 'boolean';
  if (booleans.includes(name) && !isBoolean) {
    tellOnce(`option ${name}`, `the option "${name}" of a task must be true or false, got ${typeof value}`);
    return false;
  }
  if (name === 'expected' && !isBoolean && typeof value !== 'function') {
    tellOnce(
      'option expected',
      `the option "expected" of a task must be true, false or a function, got ${typeof value}`,
    );
    return false;
  }
  return true;
}

function tellUnknown(given: object, known: readonly string[]): void {
  try {
    for (const name of Object.keys(given)) {
      if (known.includes(name)) continue;
      tellOnce(
        'option unknown',
        `a task has no option ${JSON.stringify(name.slice(0, 64))}; there are ${known.join(', ')}`,
      );
      return;
    }
  } catch {
    // A proxy that does not tell its keys: what was asked for was read.
  }
}
