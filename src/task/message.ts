import { format } from 'node:util';
import { errorText, snapshot } from '../record/index.ts';

/** Matches placeholders such as `%(user)s`, and `%%`. The length of a name is bounded for linear time. */
const NAMED = /%(?:%|\(([^)]{0,256})\)([sdifjoO]))/g;

/** The maximum size of an object in a message, estimated as for records. */
const MAX_OBJECT_BYTES = 64 * 1024;

/**
 * After this many substituted characters, further placeholders are kept: a message may repeat a name often.
 */
const MAX_FILLED_IN = 64 * 1024;

/** Formats a message with values like `util.format`. Never throws. */
export function formatted(message: unknown, values: readonly unknown[]): string {
  try {
    if (values.length === 0 && typeof message === 'string') return message;
    return format(printable(message), ...values.map(printable));
  } catch (error) {
    return `${typeof message === 'string' ? message : 'a message'} [its values cannot be shown: ${errorText(error)}]`;
  }
}

/** Returns the value itself, or a placeholder for an object that is too large. */
export function printable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (snapshot(value, MAX_OBJECT_BYTES) !== undefined) return value;
  return `[${value.constructor?.name ?? 'Object'}, too big]`;
}

/**
 * Substitutes placeholders such as `%(amount)d` in a task's message, like Python's logging with a dictionary.
 * A placeholder is kept if its name is not in the data, or after 64 Ki substituted characters.
 */
export function filledIn(message: string, data: Readonly<Record<string, unknown>>): string {
  if (!message.includes('%(')) return message;
  let room = MAX_FILLED_IN;
  return message.replace(NAMED, (all, name: string | undefined, conversion: string) => {
    if (name === undefined) return '%';
    if (room <= 0 || !Object.hasOwn(data, name)) return all;
    const text = formatted(`%${conversion}`, [data[name]]);
    room -= text.length;
    return text;
  });
}
