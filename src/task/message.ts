import { format } from 'node:util';
import { errorText, snapshot } from '../record/index.ts';

/** `%(user)s` and its kin, and the escaped percent sign. A name has a bound, so that the time is linear. */
const NAMED = /%(?:%|\(([^)]{0,256})\)([sdifjoO]))/g;

/** What an object that is written may hold, in bytes as they are counted for records. */
const MAX_OBJECT_BYTES = 64 * 1024;

/** Once so many characters were filled in, what follows stays as it is: a name may stand in a message many times. */
const MAX_FILLED_IN = 64 * 1024;

/** A message with its values, as `util.format` writes it. It never throws, whatever the values are. */
export function formatted(message: unknown, values: readonly unknown[]): string {
  try {
    if (values.length === 0 && typeof message === 'string') return message;
    return format(printable(message), ...values.map(printable));
  } catch (error) {
    return `${typeof message === 'string' ? message : 'a message'} [its values cannot be shown: ${errorText(error)}]`;
  }
}

/** The value itself, or the kind of an object that would take long to write. */
export function printable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (snapshot(value, MAX_OBJECT_BYTES) !== undefined) return value;
  return `[${value.constructor?.name ?? 'Object'}, too big]`;
}

/**
 * A task's message with its data filled in, as Python's logging does with a dictionary: `%(amount)d`. A name
 * that is not in the data stays as it is, and so do names behind 64 Ki characters of data.
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
