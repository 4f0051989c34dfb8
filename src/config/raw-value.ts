import { isScalar, parseDocument } from 'yaml';
import type { Position } from './config-error.ts';

/** A value as it stands in the text of a configuration, with its place. */
export type RawValue = RawScalar | RawList | RawMap;

interface RawBase {
  readonly at: Position;
  /** Where its key stands; undefined for the whole and for items of lists. */
  readonly keyAt?: Position | undefined;
  /** How many values it has, aliases written out. */
  readonly size: number;
}

export interface RawScalar extends RawBase {
  readonly kind: 'scalar';
  /** As YAML's core schema reads it. */
  readonly value: unknown;
  /** As it stands there, after substitution. */
  readonly text: string;
  /** Names of the environment variables in it. Such a value is never shown. */
  readonly variables: readonly string[];
  /** It is wrong, which was reported already. */
  readonly isReported: boolean;
}

export interface RawList extends RawBase {
  readonly kind: 'list';
  readonly items: readonly RawValue[];
}

export interface RawMap extends RawBase {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, RawValue>;
}

/**
 * The value of a text that comes from an environment variable and stands alone: `true`, `42` and `null` get their
 * YAML type, as in the Collector. Anything but a plain scalar stays the text that it is.
 */
export function typedValue(text: string): unknown {
  if (text === '') return null;
  if (!/^[-+.\w~]{1,40}$/.test(text)) return text;
  const { contents, errors } = parseDocument(text, { logLevel: 'silent' });
  return errors.length === 0 && isScalar(contents) ? contents.value : text;
}
