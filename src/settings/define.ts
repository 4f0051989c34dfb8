import type {
  Absence,
  AnyField,
  CrossCheck,
  Field,
  Fields,
  FileContents,
  Group,
  InputOf,
  MapNames,
  NumberData,
  ValueOf,
  Values,
  Variants,
} from './field.ts';

/**
 * The properties that every kind of field has. With neither `default` nor `absent` the option is required.
 */
export interface About<Default = unknown> {
  readonly meaning?: string | undefined;
  readonly example?: string | undefined;
  readonly isSecret?: boolean | undefined;
  readonly isInternal?: boolean | undefined;
  readonly default?: Default;
  /** The option is optional; this describes what applies if it is not set. */
  readonly absent?: string;
}

type PresenceIn<O> = O extends { readonly default: unknown }
  ? 'default'
  : O extends { readonly absent: string }
    ? 'optional'
    : 'required';

interface NumberAbout extends About<number> {
  readonly min: number;
  readonly max?: number;
  readonly orZero?: boolean;
  readonly isAbove?: boolean;
}

/** A whole number; without `max`, up to 2^53 - 1. */
export function count<const O extends NumberAbout>(options: O): Field<number, number, PresenceIn<O>> {
  return numberField('count', Number.MAX_SAFE_INTEGER, options);
}

/** A whole number of bytes. */
export function bytes<const O extends NumberAbout>(options: O): Field<number, number, PresenceIn<O>> {
  return numberField('bytes', Number.MAX_SAFE_INTEGER, options);
}

/** A number of milliseconds; without `max`, Infinity is valid. */
export function millis<const O extends NumberAbout>(options: O): Field<number, number, PresenceIn<O>> {
  return numberField('millis', Number.POSITIVE_INFINITY, options);
}

/** Any number between two bounds. */
export function number<const O extends NumberAbout>(options: O): Field<number, number, PresenceIn<O>> {
  return numberField('number', Number.MAX_VALUE, options);
}

function numberField(kind: NumberData['kind'], top: number, options: NumberAbout): NumberData {
  const { min, max = top, orZero, isAbove } = options;
  return { kind, min, max, orZero, isAbove, ...common(options) };
}

/** One of several strings. */
export function choice<const T extends string, const O extends About<NoInfer<T>>>(
  names: readonly T[],
  options: O,
): Field<T, T, PresenceIn<O>> {
  return { kind: 'choice', names, ...common(options) };
}

export function flag<const O extends About<boolean>>(options: O): Field<boolean, boolean, PresenceIn<O>> {
  return { kind: 'flag', ...common(options) };
}

/** A string, a number, true or false. */
export function value<const O extends About<string | number | boolean>>(
  options: O,
): Field<string | number | boolean, string | number | boolean, PresenceIn<O>> {
  return { kind: 'value', ...common(options) };
}

interface TextAbout extends About {
  readonly expected: string;
  readonly type?: string;
}

/** A string that matches a pattern. */
export function text<const O extends TextAbout & { readonly pattern: RegExp }>(
  options: O,
): Field<string, string, PresenceIn<O>> {
  const { pattern } = options;
  return parsed({ ...options, parse: (given) => (pattern.test(given) ? given : undefined) });
}

/** A string that is parsed to a value, such as an address. */
export function parsed<T, const O extends TextAbout>(
  options: O & { readonly parse: (text: string) => T | undefined },
): Field<T, string, PresenceIn<O>> {
  const { type = 'text', expected, parse } = options;
  return { kind: 'text', type, expected, parse, ...common(options) };
}

/** The path of a file or directory. Relative paths in a configuration file are relative to its directory. */
export function path<const O extends About<string> & { readonly contents?: FileContents }>(
  options: O,
): Field<string, string, PresenceIn<O>> {
  return { kind: 'path', contents: options.contents, ...common(options) };
}

/** A value that only code can provide. */
export function code<T, const O extends About>(
  options: O & {
    readonly expected: string;
    readonly parse: (value: unknown) => T | undefined;
  },
): Field<T, T, PresenceIn<O>> {
  return converted<T>()(options);
}

/** A value that only code can provide and that is converted, such as a severity given by name. */
export function converted<Input>() {
  return <T, const O extends About>(
    options: O & {
      readonly expected: string;
      readonly isRange?: boolean;
      readonly parse: (value: unknown) => T | undefined;
    },
  ): Field<T, Input, PresenceIn<O>> => {
    const { expected, isRange, parse } = options;
    return { kind: 'code', expected, isRange, parse, ...common(options), isInternal: true };
  };
}

/** A function. */
export function functions<T extends (...given: never[]) => unknown>() {
  return <const O extends About<T>>(options: O): Field<T, T, PresenceIn<O>> =>
    code({
      ...options,
      expected: 'a function',
      parse: (value) => (typeof value === 'function' ? (value as T) : undefined),
    }) as Field<T, T, PresenceIn<O>>;
}

/** An object with all these methods, its own or inherited. */
export function methods<T>() {
  return <const O extends About>(names: readonly string[], options: O): Field<T, T, PresenceIn<O>> =>
    code({
      ...options,
      expected: `an object with ${names.map((name) => `${name}()`).join(', ')}`,
      parse: (value) => {
        const found = value as Readonly<Record<string, unknown>> | null | undefined;
        const has = (name: string) => typeof found?.[name] === 'function';
        return found != null && names.every(has) ? (value as T) : undefined;
      },
    }) as Field<T, T, PresenceIn<O>>;
}

/** A list of at least one value. */
export function list<F extends AnyField, const O extends About>(
  item: F,
  options: O,
): Field<readonly ValueOf<F>[], readonly InputOf<F>[], PresenceIn<O>> {
  return { kind: 'list', item, ...common(options) };
}

/** Values under names that the user chooses. */
export function map<F extends AnyField, const O extends About & { readonly names: MapNames }>(
  value: F,
  options: O,
): Field<Readonly<Record<string, ValueOf<F>>>, Readonly<Record<string, InputOf<F>>>, PresenceIn<O>> {
  return { kind: 'map', value, names: options.names, ...common(options) };
}

interface GroupAbout<F extends Fields> extends Omit<About, 'default'> {
  readonly checks?: readonly CrossCheck<Values<F>>[];
  readonly isRequired?: boolean;
  readonly canBeOff?: boolean;
}

/**
 * An object with nested options. With neither `absent` nor `isRequired`, its defaults apply if it is missing.
 */
export function group<F extends Fields, const O extends GroupAbout<F>>(
  fields: F,
  options?: O & GroupAbout<F>,
): Group<F, GroupPresence<O>, OffOf<O>> {
  const { checks = [], isRequired = false, canBeOff = false, absent }: GroupAbout<F> = options ?? {};
  const absence: Absence = isRequired
    ? { kind: 'required' }
    : absent === undefined
      ? { kind: 'default', value: undefined }
      : { kind: 'optional', says: absent };
  return { kind: 'group', fields, checks, canBeOff, ...common(options ?? {}), absence };
}

type GroupPresence<O> = O extends { readonly isRequired: true }
  ? 'required'
  : O extends { readonly absent: string }
    ? 'optional'
    : 'default';
type OffOf<O> = O extends { readonly canBeOff: true } ? false : never;

/** One of several groups, selected by the option `type`. */
export function variants<const V extends Readonly<Record<string, Group<Fields>>>>(
  of: V,
  options: Pick<About, 'meaning'>,
): Variants<V, 'required'> {
  return { kind: 'variants', variants: of, absence: { kind: 'required' }, meaning: options.meaning };
}

function common(options: About) {
  const { meaning, example, isSecret, isInternal } = options;
  return { meaning, example, isSecret, isInternal, absence: absenceOf(options) };
}

function absenceOf(options: About): Absence {
  if (options.default !== undefined) return { kind: 'default', value: options.default };
  return options.absent === undefined ? { kind: 'required' } : { kind: 'optional', says: options.absent };
}
