import { shown } from '../settings/index.ts';
import { parseDuration, parseSize } from '../text/index.ts';
import type { About, Absence, FileUse, ScalarField } from './field.ts';
import type { GivenScalar } from './given.ts';

/** `absent` is a default written as in the file, or one of the other kinds of absence. */
interface Options extends About {
  readonly absent: string | Absence;
}

export const required: Absence = { kind: 'required' };

/** @param says what holds then, for the reference: "off" */
export function optional(says: string): Absence {
  return { kind: 'optional', says };
}

/** Bytes, written with a unit. */
export function size(options: Options & { min: string; max?: string; zero?: string }): ScalarField<number> {
  const { min, max, zero } = options;
  const wish = `a size from ${min}${max === undefined ? '' : ` to ${max}`}${zero === undefined ? '' : ' or 0'}`;
  return quantity('size', wish, `such as ${options.example ?? '64MiB'}`, options, parseSize);
}

/** Time, written with a unit; milliseconds in the result. */
export function time(options: Options & { min: string; max?: string; zero?: string }): ScalarField<number> {
  const { min, max, zero } = options;
  const wish = `a duration from ${min}${max === undefined ? '' : ` to ${max}`}${zero === undefined ? '' : ' or 0'}`;
  return quantity('duration', wish, `such as ${options.example ?? '10s'}`, options, parseDuration);
}

function quantity(
  type: 'size' | 'duration',
  wish: string,
  such: string,
  options: Options & { min: string; max?: string; zero?: string },
  parse: (text: string) => number | undefined,
): ScalarField<number> {
  const min = parse(options.min)!;
  const max = options.max === undefined ? Number.MAX_SAFE_INTEGER : parse(options.max)!;
  return {
    ...common(options),
    type,
    wish: `${wish}, with its unit, ${such}`,
    read: (given) => {
      const value = parse(given.text);
      if (value === undefined) return undefined;
      if (value === 0 && options.zero !== undefined) return 0;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

export function wholeNumber(options: Options & { min: number; max: number }): ScalarField<number> {
  return {
    ...common(options),
    type: 'number',
    wish: `a whole number from ${options.min} to ${options.max}`,
    read: ({ value }) =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= options.min && value <= options.max
        ? value
        : undefined,
  };
}

export function flag(options: Options): ScalarField<boolean> {
  return {
    ...common(options),
    type: 'boolean',
    wish: 'true or false',
    read: ({ value }) => (typeof value === 'boolean' ? value : undefined),
  };
}

export function oneOf<const T extends string>(names: readonly T[], options: Options): ScalarField<T> {
  return {
    ...common(options),
    type: names.map((name) => `\`${name}\``).join(', '),
    wish: `one of ${names.join(', ')}`,
    read: ({ text }) => names.find((name) => name === text),
  };
}

/** A text of one line; numbers and the like need quotes, unless they come from the environment. */
export function text(
  options: Options & { wish: string; pattern: RegExp; type?: string; secret?: boolean },
): ScalarField<string> {
  return {
    ...common(options),
    type: options.type ?? 'text',
    wish: options.wish,
    secret: options.secret ?? false,
    read: (given) => {
      const value = textOf(given);
      return value !== undefined && options.pattern.test(value) ? value : undefined;
    },
  };
}

/** The name of a file. */
export function file(options: Options & { use: FileUse }): ScalarField<string> {
  return {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no file's name in a configuration means them
    ...text({ ...options, wish: 'a path', type: 'path', pattern: /^[^\u0000-\u001f]{1,4096}$/ }),
    file: options.use,
  };
}

/** A value that a function of its own reads. */
export function parsed<T>(
  options: Options & { type: string; wish: string; parse: (text: string) => T | undefined; secret?: boolean },
): ScalarField<T> {
  return {
    ...common(options),
    type: options.type,
    wish: options.wish,
    secret: options.secret ?? false,
    read: (given) => {
      const value = textOf(given);
      return value === undefined ? undefined : options.parse(value);
    },
  };
}

function common({ absent, meaning, example }: Options) {
  const absence: Absence = typeof absent === 'string' ? { kind: 'default', text: absent } : absent;
  return {
    kind: 'scalar' as const,
    secret: false,
    absence,
    meaning,
    ...(example === undefined ? {} : { example }),
  };
}

function textOf(given: GivenScalar): string | undefined {
  return typeof given.value === 'string' || given.variables.length > 0 ? given.text : undefined;
}

/** What was given, as it may stand in a message. */
export function shownGiven(given: GivenScalar, secret: boolean): string {
  if (given.variables.length > 0) return `the value of ${given.variables.join(', ')} (not shown)`;
  if (given.value === null) return 'nothing';
  if (secret) return `a ${typeof given.value === 'string' ? 'text' : typeof given.value} (not shown)`;
  return shown(hideCredentials(given.value));
}

/** `http://user:password@host` is shown without its middle. */
function hideCredentials(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/\/\/[^/]*@/, '//...@') : value;
}
