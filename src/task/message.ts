import { format } from 'node:util';
import { errorText } from '../record/index.ts';

/** `%(user)s` and its kin, and the escaped percent sign. */
const NAMED = /%(?:%|\(([^)]*)\)([sdifjoO]))/g;

/** What was said about an end, as `util.format` writes it. It never throws, whatever the values are. */
export function formatted(message: unknown, values: readonly unknown[]): string {
  try {
    return values.length === 0 && typeof message === 'string' ? message : format(message, ...values);
  } catch (error) {
    return `${typeof message === 'string' ? message : 'a message'} [its values cannot be shown: ${errorText(error)}]`;
  }
}

/**
 * A task's message with its data filled in, as Python's logging does with a dictionary: `%(amount)d`. A name
 * that is not in the data stays as it is.
 */
export function filledIn(message: string, data: Readonly<Record<string, unknown>>): string {
  if (!message.includes('%(')) return message;
  return message.replace(NAMED, (all, name: string | undefined, conversion: string) => {
    if (name === undefined) return '%';
    return Object.hasOwn(data, name) ? formatted(`%${conversion}`, [data[name]]) : all;
  });
}
