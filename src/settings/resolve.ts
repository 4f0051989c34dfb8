import { shown } from './checks.ts';
import type { AnyField, Fields, Group, NumberData, Presence, ScalarData, ValueOf } from './field.ts';
import { suggestion } from './nearest.ts';
import { type Form, OptionReader, type Problem } from './read.ts';

/**
 * Resolves options: merges the given ones with the defaults, and checks all of them.
 * @param where the name of the constructor or function, for messages
 * @throws RangeError or TypeError with option, expected and given value
 */
export function resolve<F extends Fields, P extends Presence, Off>(
  definition: Group<F, P, Off>,
  where: string,
  given: unknown,
): ValueOf<Group<F, P, never>> {
  return new OptionReader(new JavaScriptForm(where)).read(definition, given) as ValueOf<Group<F, P, never>>;
}

/** Options provided by code. The first problem throws. */
class JavaScriptForm implements Form<unknown> {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  key(path: string): string {
    return path;
  }

  amount(_kind: NumberData['kind'], value: number): string {
    return String(value);
  }

  entries(raw: unknown): readonly (readonly [string, unknown])[] | undefined {
    return typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? Object.entries(raw) : undefined;
  }

  items(raw: unknown): readonly unknown[] | undefined {
    return Array.isArray(raw) ? raw : undefined;
  }

  isEmpty(): boolean {
    return false;
  }

  isReported(): boolean {
    return false;
  }

  scalar(_field: ScalarData, raw: unknown): unknown {
    return raw;
  }

  takes(): boolean {
    return true;
  }

  expected(field: AnyField): string {
    return expectedOf(field);
  }

  shown(raw: unknown, isSecret: boolean): string {
    if (isSecret && typeof raw === 'string') return `a string of ${raw.length} characters (not shown)`;
    return Array.isArray(raw) && raw.length === 0 ? 'an empty array' : shown(raw);
  }

  report({ path, message, isRange }: Problem<unknown>): never {
    const text = `${path === '' ? this.#where : path} ${message}`;
    throw isRange ? new RangeError(text) : new TypeError(text);
  }

  missing(field: AnyField): string {
    return `must be ${expectedOf(field)}, got undefined`;
  }

  unknownKey(key: string, known: readonly string[]): string {
    return `has no option ${JSON.stringify(key)}${suggestion(key, known)}`;
  }
}

/** Describes a valid value in messages: `a whole number from 1`. */
export function expectedOf(field: AnyField): string {
  switch (field.kind) {
    case 'choice':
      return listed(field.names.map((name) => JSON.stringify(name)));
    case 'flag':
      return 'true or false';
    case 'value':
      return 'a string, a number, true or false';
    case 'text':
    case 'code':
      return field.expected;
    case 'path':
      return 'a path';
    case 'list':
      return `an array, each ${expectedOf(field.item)}`;
    case 'map':
    case 'variants':
      return 'an object';
    case 'group':
      return field.canBeOff ? `false or an object with ${Object.keys(field.fields).join(', ')}` : 'an object';
    default:
      return expectedNumber(field);
  }
}

function expectedNumber({ kind, min, max, orZero, isAbove }: NumberData): string {
  const names = {
    count: 'a whole number',
    bytes: 'a whole number',
    millis: 'a number of milliseconds',
    number: 'a number',
  };
  const from = isAbove ? `above ${min}` : `from ${min}`;
  const isOpen = max >= Number.MAX_SAFE_INTEGER;
  const upTo = isOpen ? '' : isAbove ? `, up to ${max}` : ` to ${max}`;
  const infinite = max === Number.POSITIVE_INFINITY && kind !== 'millis' ? ', or Infinity' : '';
  return `${names[kind]} ${from}${upTo}${infinite}${orZero ? ', or 0' : ''}`;
}

/** `"a", "b" or "c"` */
export function listed(words: readonly string[]): string {
  const last = words.length - 1;
  return last < 1 ? words.join('') : `${words.slice(0, last).join(', ')} or ${words[last]}`;
}
