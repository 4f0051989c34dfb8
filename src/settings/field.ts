/**
 * Options as data. A component defines each of its options once, as a field: accepted values, default and
 * description. The fields determine the types of the options (`InputOf`, `ValueOf`), the checks and their
 * messages, the keys of a configuration file, the reference page and the JSON Schema.
 */
export type AnyField =
  | NumberData
  | ChoiceData
  | FlagData
  | TextData
  | PathData
  | CodeData
  | ValueData
  | ListData
  | MapData
  | GroupData
  | VariantsData;

/** Fields whose value has no parts. */
export type ScalarData = NumberData | ChoiceData | FlagData | TextData | PathData | CodeData | ValueData;

/** The behavior if an option is not set. */
export type Absence =
  /** An error is reported. */
  | { readonly kind: 'required' }
  /** There is no value, or the component derives one; `says` describes this for the reference. */
  | { readonly kind: 'optional'; readonly says: string }
  | { readonly kind: 'default'; readonly value: unknown };

export type Presence = Absence['kind'];

interface FieldBase {
  readonly absence: Absence;
  /**
   * Describes the option in a sentence or two of Markdown. Required for every option of a configuration file.
   */
  readonly meaning?: string | undefined;
  /** A valid value, as in a configuration file. */
  readonly example?: string | undefined;
  /** The value is never shown. */
  readonly isSecret?: boolean | undefined;
  /** Not an option of a configuration file: for code and tests only. */
  readonly isInternal?: boolean | undefined;
}

export interface NumberData extends FieldBase {
  /** Bytes and milliseconds are numbers in JavaScript; in a file they carry their unit: `64MiB`, `10s`. */
  readonly kind: 'count' | 'bytes' | 'millis' | 'number';
  readonly min: number;
  /** Infinity is a valid value if this is Infinity. */
  readonly max: number;
  /** 0 is valid too, although it is below `min`: it turns the bound off. */
  readonly orZero?: boolean | undefined;
  /** `min` itself is not valid. */
  readonly isAbove?: boolean | undefined;
}

export interface ChoiceData extends FieldBase {
  readonly kind: 'choice';
  readonly names: readonly string[];
}

export interface FlagData extends FieldBase {
  readonly kind: 'flag';
}

export interface TextData extends FieldBase {
  readonly kind: 'text';
  /** The type in one word, for the reference: `address`, `URL`. */
  readonly type: string;
  /** Describes a valid value in messages: "an address with a port, such as 127.0.0.1:4317". */
  readonly expected: string;
  /** @returns the value, or undefined if the text is not valid */
  readonly parse: (text: string) => unknown;
}

export interface PathData extends FieldBase {
  readonly kind: 'path';
  /** The required content of the file, if it is read before the component starts. */
  readonly contents?: FileContents | undefined;
}

/** The required content of a file that an option names. */
export interface FileContents {
  /** Only its owner may read it. */
  readonly isSecret: boolean;
  /** @returns what is expected, if the content is invalid; never a part of the content */
  readonly problem: (content: Uint8Array) => string | undefined;
}

/** A value that only code can provide: a function, an object with methods. */
export interface CodeData extends FieldBase {
  readonly kind: 'code';
  readonly expected: string;
  /** An invalid value is reported as out of range. */
  readonly isRange?: boolean | undefined;
  /** @returns the accepted value, or undefined if the input is invalid */
  readonly parse: (value: unknown) => unknown;
}

/** A string, a number, true or false, unchanged. */
export interface ValueData extends FieldBase {
  readonly kind: 'value';
}

export interface ListData extends FieldBase {
  readonly kind: 'list';
  /** A list needs at least one item. */
  readonly item: AnyField;
}

export interface MapNames {
  /** The noun for a name: `header`. */
  readonly called: string;
  /** The rule, which follows the noun in messages: `must be ...`. */
  readonly rule: string;
  readonly pattern: RegExp;
}

/** Values under names that the user chooses. */
export interface MapData extends FieldBase {
  readonly kind: 'map';
  /** Names are case-insensitive when they are checked for duplicates. */
  readonly names: MapNames;
  readonly value: AnyField;
}

/**
 * An object with nested options. If it is missing and `absence` is a default, the defaults of its fields
 * apply.
 */
export interface GroupData extends FieldBase {
  readonly kind: 'group';
  readonly fields: Readonly<Record<string, AnyField>>;
  /** Checks across options, which run if each option is valid. */
  readonly checks: readonly CrossCheck[];
  /** `false` disables it; in a file, so does a key without a value. */
  readonly canBeOff?: boolean | undefined;
}

/** One of several groups, selected by the option `type`. */
export interface VariantsData extends FieldBase {
  readonly kind: 'variants';
  readonly variants: Readonly<Record<string, GroupData>>;
}

/** A check across the options of one group. */
// biome-ignore lint/suspicious/noExplicitAny: groups of all kinds are kept in one list
export interface CrossCheck<Values = any> {
  /** The path from the group to the option that should be changed: `retry.maxMillis`. */
  readonly at: string;
  /**
   * @returns the problem, which follows the option's name in messages: `must be at most ...`; undefined if
   * there is none
   */
  problem(values: Values, writing: Writing): string | undefined;
  /** Whether the problem is that a value is out of range. */
  readonly isRange?: boolean | undefined;
}

/** How names and amounts are written: in a file `maxAge: 7d`, in code `maxAgeMillis: 604800000`. */
export interface Writing {
  key(path: string): string;
  amount(kind: NumberData['kind'], value: number): string;
}

declare const types: unique symbol;

/** A field with the types of its value and its input, and its presence. */
export type Field<Value, Input, P extends Presence> = AnyField &
  Typed<{ readonly value: Value; readonly input: Input; readonly presence: P }>;

/** A group keeps the types of its fields, so that editors show their comments. */
export interface Group<F extends Fields, P extends Presence = Presence, Off = unknown>
  extends GroupData,
    Typed<{ readonly fields: F; readonly off: Off; readonly presence: P }> {
  readonly fields: F;
}

export interface Variants<V extends Readonly<Record<string, Group<Fields>>>, P extends Presence>
  extends VariantsData,
    Typed<{ readonly variants: V; readonly presence: P }> {
  readonly variants: V;
}

/** For the type checker only; no field has this property at run time. */
interface Typed<T> {
  readonly [types]?: T;
}

export type Fields = Readonly<Record<string, AnyField>>;

type TypesOf<F> = F extends Typed<infer T> ? T : never;

/** The input type of a field. `undefined` counts as not set. */
export type InputOf<F> =
  TypesOf<F> extends { readonly input: infer Input }
    ? Input
    : TypesOf<F> extends { readonly fields: infer Of extends Fields; readonly off: infer Off }
      ? Inputs<Of> | Off
      : TypesOf<F> extends { readonly variants: infer V }
        ? { [K in keyof V]: { readonly type: K } & InputOf<V[K]> }[keyof V]
        : never;

/** The type of a field's resolved value. */
export type ValueOf<F> =
  TypesOf<F> extends { readonly value: infer Value }
    ? Value
    : TypesOf<F> extends { readonly fields: infer Of extends Fields; readonly off: infer Off }
      ? Values<Of> | Off
      : TypesOf<F> extends { readonly variants: infer V }
        ? { [K in keyof V]: { readonly type: K } & ValueOf<V[K]> }[keyof V]
        : never;

type Keys<F extends Fields, P extends Presence> = {
  [K in keyof F]: TypesOf<F[K]> extends { readonly presence: P } ? K : never;
}[keyof F];
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** The input type of a group's options. */
export type Inputs<F extends Fields> = Flat<
  { readonly [K in keyof F as K extends Keys<F, 'required'> ? K : never]: InputOf<F[K]> } & {
    readonly [K in keyof F as K extends Keys<F, 'required'> ? never : K]?: InputOf<F[K]> | undefined;
  }
>;

/** The type of a group's resolved options. */
export type Values<F extends Fields> = Flat<
  { readonly [K in keyof F as K extends Keys<F, 'optional'> ? never : K]: ValueOf<F[K]> } & {
    readonly [K in keyof F as K extends Keys<F, 'optional'> ? K : never]?: ValueOf<F[K]> | undefined;
  }
>;
