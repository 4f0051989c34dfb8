/**
 * Options as data. A component defines each of its options once, as a field: what it takes, what holds without it,
 * what it is for. The fields give the types of the options (`InputOf`, `ValueOf`), the checks and their messages, the
 * keys of a configuration file, the reference page and the JSON Schema.
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

/** What holds if an option is not given. */
export type Absence =
  /** That is an error. */
  | { readonly kind: 'required' }
  /** Nothing, or what the component makes of its other options; `says` describes it for the reference. */
  | { readonly kind: 'optional'; readonly says: string }
  | { readonly kind: 'default'; readonly value: unknown };

export type Presence = Absence['kind'];

interface FieldBase {
  readonly absence: Absence;
  /** What the option is for, in a sentence or two of Markdown. Needed by every option of a configuration file. */
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
  /** In one word, for the reference: `address`, `URL`. */
  readonly type: string;
  /** For messages: "an address with a port, such as 127.0.0.1:4317". */
  readonly expected: string;
  /** @returns the value, or undefined if the text is not valid */
  readonly parse: (text: string) => unknown;
}

export interface PathData extends FieldBase {
  readonly kind: 'path';
  /** What the file holds, if it is read before the component starts. */
  readonly contents?: FileContents | undefined;
}

/** What a file must hold that an option names. */
export interface FileContents {
  /** Only its owner may read it. */
  readonly isSecret: boolean;
  /** @returns what is expected, if the content is something else; never a piece of the content */
  readonly problem: (content: Uint8Array) => string | undefined;
}

/** A value that only code can give: a function, an object with methods. */
export interface CodeData extends FieldBase {
  readonly kind: 'code';
  readonly expected: string;
  /** A value that is not valid is out of range. */
  readonly isRange?: boolean | undefined;
  /** @returns the value that holds, or undefined if it is not valid */
  readonly parse: (value: unknown) => unknown;
}

/** A text, a number, true or false: as it is given. */
export interface ValueData extends FieldBase {
  readonly kind: 'value';
}

export interface ListData extends FieldBase {
  readonly kind: 'list';
  /** At least one is needed if the list is given. */
  readonly item: AnyField;
}

export interface MapNames {
  /** What a name is: `header`. */
  readonly called: string;
  /** As it follows that: `must be ...`. */
  readonly rule: string;
  readonly pattern: RegExp;
}

/** Values under names that the user chooses. */
export interface MapData extends FieldBase {
  readonly kind: 'map';
  /** Two names that differ by case only are the same. */
  readonly names: MapNames;
  readonly value: AnyField;
}

/** An object with options of its own. If it is not given, the defaults of its fields hold, unless `absence` says else. */
export interface GroupData extends FieldBase {
  readonly kind: 'group';
  readonly fields: Readonly<Record<string, AnyField>>;
  /** What options say together; looked at when each of them is valid. */
  readonly checks: readonly CrossCheck[];
  /** `false` turns it off; in a file also a key without a value. */
  readonly canBeOff?: boolean | undefined;
}

/** One of several groups; the option `type` says which. */
export interface VariantsData extends FieldBase {
  readonly kind: 'variants';
  readonly variants: Readonly<Record<string, GroupData>>;
}

/** A relation between options of one group. */
// biome-ignore lint/suspicious/noExplicitAny: groups of all kinds are kept in one list
export interface CrossCheck<Values = any> {
  /** The option that a person would change, from the group: `retry.maxMillis`. */
  readonly at: string;
  /** @returns what is wrong, as it follows the option's name: `must be at most ...`; undefined if nothing is */
  problem(values: Values, writing: Writing): string | undefined;
  /** The problem is that a value is out of range. */
  readonly isRange?: boolean | undefined;
}

/** How names and amounts are written: a file says `maxAge: 7d`, code `maxAgeMillis: 604800000`. */
export interface Writing {
  key(path: string): string;
  amount(kind: NumberData['kind'], value: number): string;
}

declare const types: unique symbol;

/** A field with the type of its value, of what may be given for it, and of what holds without it. */
export type Field<Value, Input, P extends Presence> = AnyField &
  Typed<{ readonly value: Value; readonly input: Input; readonly presence: P }>;

/** A group keeps the fields themselves, so that editors show their comments. */
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

/** For the compiler only: no field has it. */
interface Typed<T> {
  readonly [types]?: T;
}

export type Fields = Readonly<Record<string, AnyField>>;

type TypesOf<F> = F extends Typed<infer T> ? T : never;

/** What may be given for a field. `undefined` counts as not given. */
export type InputOf<F> =
  TypesOf<F> extends { readonly input: infer Input }
    ? Input
    : TypesOf<F> extends { readonly fields: infer Of extends Fields; readonly off: infer Off }
      ? Inputs<Of> | Off
      : TypesOf<F> extends { readonly variants: infer V }
        ? { [K in keyof V]: { readonly type: K } & InputOf<V[K]> }[keyof V]
        : never;

/** What holds for a field once it was read. */
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

/** The options of a group as they may be given. */
export type Inputs<F extends Fields> = Flat<
  { readonly [K in keyof F as K extends Keys<F, 'required'> ? K : never]: InputOf<F[K]> } & {
    readonly [K in keyof F as K extends Keys<F, 'required'> ? never : K]?: InputOf<F[K]> | undefined;
  }
>;

/** The options of a group as they hold. */
export type Values<F extends Fields> = Flat<
  { readonly [K in keyof F as K extends Keys<F, 'optional'> ? never : K]: ValueOf<F[K]> } & {
    readonly [K in keyof F as K extends Keys<F, 'optional'> ? K : never]?: ValueOf<F[K]> | undefined;
  }
>;
