import type { GivenScalar } from './given.ts';

/**
 * The schema of the configuration: one tree of fields, from which come the checks, the defaults, the reference
 * page and the example file. A field's doc says what it means; type, bound and default are data.
 *
 * A property whose name ends in `Millis` has a key without that ending, since a duration brings its unit along.
 */
export type Field<T> = ScalarField<T> | ObjectField<T> | ChoiceField<T> | MapField<T> | ListField<T>;

/** What holds if the key is not there. */
export type Absence =
  /** This, written as in the file. */
  | { readonly kind: 'default'; readonly text: string }
  /** Nothing: the feature is off, or another key stands for it. */
  | { readonly kind: 'optional'; readonly says: string }
  /** A fault. */
  | { readonly kind: 'required' }
  /** What `from` makes of the rest, once that is known. */
  | { readonly kind: 'derived'; readonly says: string; readonly from: (context: Derivation) => unknown };

/** What a derived default may look at: resolved values, unchecked in type because they are half finished. */
export interface Derivation {
  // biome-ignore lint/suspicious/noExplicitAny: the whole is typed only when the derived parts are in it
  readonly root: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly holder: any;
  /** The data directory, absolute. */
  readonly data: string;
}

export interface About {
  /** What the key is for, in a sentence or two. Markdown. */
  readonly meaning: string;
  /** A value that validates, as in the file. */
  readonly example?: string;
}

export interface ScalarField<T> extends About {
  readonly kind: 'scalar';
  /** In one word for the reference: `size`, `duration`. */
  readonly type: string;
  /** For messages: "a size from 1MiB". */
  readonly wish: string;
  readonly absence: Absence;
  /** Never shown in a message. */
  readonly secret: boolean;
  /** What a file's name stands for. Such a value is resolved against the configuration's directory. */
  readonly file?: FileUse;
  /** @returns the value, or undefined if it is none */
  readonly read: (given: GivenScalar) => T | undefined;
}

/** Files that the configuration names. Secrets and certificates are read before the daemon starts. */
export type FileUse =
  | 'token'
  | 'curveSecret'
  | 'curveKeys'
  | 'certificate'
  | 'privateKey'
  | 'authorities'
  | 'written';

export interface ObjectField<T> extends About {
  readonly kind: 'object';
  /**
   * `default`: made of its fields' defaults. `off`: absent is the same, but a key without a value turns it off.
   * `named`: opened if its key is there, with or without a value. `optional`: not there.
   */
  readonly absence: 'default' | 'off' | 'named' | 'optional' | 'required';
  readonly fields: { readonly [K in keyof T]-?: Field<T[K]> };
}

/** One of several objects; the key `type` says which. */
export interface ChoiceField<T> extends About {
  readonly kind: 'choice';
  readonly variants: Readonly<Record<string, ObjectField<T>>>;
  /** Names of variants that a newer version knows. */
  readonly later: readonly string[];
}

/** A map of names that the user chooses, in the result a list of objects that have a `name`, or of pairs. */
export interface MapField<T> extends About {
  readonly kind: 'map';
  readonly absence: 'empty' | 'required';
  /** What a name is, for messages and the reference. */
  readonly names: { readonly called: string; readonly wish: string; readonly pattern: RegExp };
  readonly value: ScalarField<unknown> | ChoiceField<unknown>;
  /** Makes the result of names and values. */
  readonly make: (entries: readonly (readonly [string, unknown])[]) => T;
  /** Two names are the same if this makes them so. */
  readonly sameName: (name: string) => string;
}

export interface ListField<T> extends About {
  readonly kind: 'list';
  readonly absence: Absence;
  readonly item: ScalarField<unknown>;
  readonly make: (items: readonly unknown[]) => T;
}

/** The key of a property: `maxAgeMillis` is `maxAge` in the file. */
export function keyOf(property: string): string {
  return property.replace(/Millis$/, '');
}
