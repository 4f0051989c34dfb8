import {
  type AnyValue,
  type Attributes,
  type DecodedLogRecord,
  isBytes,
  isMap,
  isWholeDouble,
  type KeyValue,
} from '../otlp/index.ts';
import { type Pattern, type Patterns, WITHOUT_PATTERNS } from '../ottl/index.ts';

/** Longer texts are replaced as a whole, because searching them takes too long. */
export const MAX_SEARCHED = 262_144;
const MAX_KNOWN = 1_000;

export interface RedactionOptions {
  readonly keys?: readonly string[] | undefined;
  readonly patterns?: readonly string[] | undefined;
  readonly replacement: string;
}

/**
 * Replaces the values of some keys, and matches of some patterns, at any depth. Unchanged values stay the
 * same object. Numbers are searched as text.
 */
export class Redaction {
  readonly #replacement: string;
  readonly #exact: ReadonlySet<string>;
  readonly #globs: readonly (readonly string[])[];
  readonly #patterns: readonly Pattern[];
  /** A cache of recent keys, of which there are usually few. */
  readonly #known = new Map<string, boolean>();

  /** @throws Error for an invalid pattern */
  constructor({ keys = [], patterns = [], replacement }: RedactionOptions, engine: Patterns | undefined) {
    const lower = keys.map((key) => key.toLowerCase());
    this.#replacement = replacement;
    this.#exact = new Set(lower.filter((key) => !key.includes('*')));
    this.#globs = lower.filter((key) => key.includes('*')).map((key) => key.split('*'));
    this.#patterns = patterns.map((pattern) => compiledPattern(pattern, engine));
  }

  record(record: DecodedLogRecord): DecodedLogRecord {
    const attributes = this.attributes(record.attributes);
    const body = record.body === undefined ? undefined : this.#value(record.body);
    if (attributes === record.attributes && body === record.body) return record;
    return { ...record, attributes, body };
  }

  attributes(attributes: Attributes): Attributes {
    return mapped(attributes, (entry) => this.#entry(entry));
  }

  #entry(entry: KeyValue): KeyValue {
    const [key, before] = entry;
    const value = this.#hasKey(key) ? this.#replacement : this.#value(before);
    return value === before ? entry : [key, value];
  }

  #hasKey(key: string): boolean {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const lower = key.toLowerCase();
    const isFound = this.#exact.has(lower) || this.#globs.some((parts) => matchesGlob(lower, parts));
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    if (key.length <= MAX_KNOWN) this.#known.set(key, isFound);
    return isFound;
  }

  #value(value: AnyValue): AnyValue {
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'number' || typeof value === 'bigint') return this.#number(value, String(value));
    if (isBytes(value)) return value;
    if (isMap(value)) {
      const entries = this.attributes(value.entries);
      return entries === value.entries ? value : { entries };
    }
    if (isWholeDouble(value)) return this.#number(value, String(value.double));
    return mapped(value as readonly AnyValue[], (item) => this.#value(item));
  }

  #number(value: AnyValue, text: string): AnyValue {
    const replaced = this.#text(text);
    return replaced === text ? value : replaced;
  }

  #text(text: string): string {
    if (this.#patterns.length === 0) return text;
    if (text.length > MAX_SEARCHED) return `${this.#replacement} (too long to search)`;
    let result = text;
    for (const pattern of this.#patterns) result = pattern.replace(result, this.#replacement);
    return result;
  }
}

/** @throws Error with the reason */
export function compiledPattern(pattern: string, engine: Patterns | undefined): Pattern {
  if (engine === undefined) throw new Error(WITHOUT_PATTERNS);
  return engine.compile(pattern);
}

/** Maps a list; returns the same list if no item changes. */
function mapped<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  let result: T[] | undefined;
  for (let index = 0; index < list.length; index += 1) {
    const before = list[index]!;
    const after = change(before);
    if (after !== before) result ??= list.slice();
    if (result !== undefined) result[index] = after;
  }
  return result ?? list;
}

/**
 * Whether a text consists of these parts in order, with anything between them. Matching each part at its
 * first position is sufficient.
 */
function matchesGlob(text: string, parts: readonly string[]): boolean {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= end;
}
