/**
 * What a held record weighs without its strings: the SDK's record was measured at 331 bytes, its slot at 36
 * to 54 (docs/benchmarks.md).
 */
export const RECORD_BYTES = 400;
/** A property or an array element: pointer, and a number or the header of a string. */
export const VALUE_BYTES = 24;
/** V8 keeps a character in one or two bytes; two is what may be needed. */
export const CHARACTER_BYTES = 2;
/** A longer key was not written by a programmer. */
const SHARED_KEY_LENGTH = 64;
/** Past so many values a walk stops, and the rest is counted by its number. */
const MAX_VALUES = 200_000;

/**
 * Estimates the memory that a record keeps without its body, in bytes. Bodies are measured by their caller: a
 * text by its length, an object where it is copied (`snapshot`). Keys are mostly words of the program, which
 * all records share; only one that is longer than such words are counts.
 */
export function attributesSize(attributes: { readonly [key: string]: unknown }): number {
  let size = RECORD_BYTES;
  for (const key in attributes) {
    const value = attributes[key];
    if (key.length > SHARED_KEY_LENGTH) size += key.length * CHARACTER_BYTES;
    if (typeof value === 'string') size += VALUE_BYTES + value.length * CHARACTER_BYTES;
    else if (typeof value === 'object') size += VALUE_BYTES + sizeOf(value);
    else size += VALUE_BYTES;
  }
  return size;
}

/** The size of any value; cycles and endless structures end at a bound. */
function sizeOf(root: unknown): number {
  let size = 0;
  let values = 0;
  const rest: unknown[] = [root];
  while (rest.length > 0 && values < MAX_VALUES) {
    const value = rest.pop();
    values += 1;
    size += VALUE_BYTES;
    if (typeof value === 'string') size += value.length * CHARACTER_BYTES;
    else if (ArrayBuffer.isView(value)) size += value.byteLength;
    else if (Array.isArray(value)) {
      const walked = Math.min(value.length, MAX_VALUES - rest.length);
      for (let at = 0; at < walked; at += 1) rest.push(value[at]);
      size += (value.length - walked) * VALUE_BYTES;
    } else if (typeof value === 'object' && value !== null) {
      for (const key of Object.keys(value)) {
        size += key.length * CHARACTER_BYTES;
        rest.push((value as Record<string, unknown>)[key]);
      }
    }
  }
  return size + rest.length * VALUE_BYTES;
}
