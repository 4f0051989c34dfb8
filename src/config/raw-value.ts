import { isScalar, parseDocument } from 'yaml';
import type { Position } from './config-error.ts';

/** A value in the text of a configuration, with its position. */
export type RawValue = RawScalar | RawList | RawMap;

interface RawBase {
  readonly at: Position;
  /** The position of its key; undefined for the root and for items of lists. */
  readonly keyAt?: Position | undefined;
  /** Number of values in it, with aliases expanded. */
  readonly size: number;
}

export interface RawScalar extends RawBase {
  readonly kind: 'scalar';
  /** The value according to YAML's core schema. */
  readonly value: unknown;
  /** The source text, after substitution. */
  readonly text: string;
  /** Names of the environment variables in it. If there are any, the value is never shown. */
  readonly variables: readonly string[];
  /** It is invalid, and was already reported. */
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
 * The value of a text that consists of one environment variable: `true`, `42` and `null` get their YAML type,
 * as in the Collector. Anything but a plain scalar stays a string.
 */
export function typedValue(text: string): unknown {
  if (text === '') return null;
  if (!/^[-+.\w~]{1,40}$/.test(text)) return text;
  const { contents, errors } = parseDocument(text, { logLevel: 'silent' });
  return errors.length === 0 && isScalar(contents) ? contents.value : text;
}
