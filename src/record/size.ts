/**
 * The size of a held record without its strings. Measured: 331 bytes for the SDK's record, 36 to 54 for its
 * slot (docs/benchmarks.md).
 */
export const RECORD_BYTES = 400;
/** The size of a property or an array element: a pointer, and a number or the header of a string. */
export const VALUE_BYTES = 24;
/** V8 stores a character in one or two bytes; the estimate assumes two. */
export const CHARACTER_BYTES = 2;
/** Keys up to this length are assumed to be constants of the program, which all records share. */
const SHARED_KEY_LENGTH = 64;
/** The maximum number of values that are measured individually. Further ones count as `VALUE_BYTES` each. */
const MAX_VALUES = 200_000;

/**
 * Estimates the memory of a record without its body, in bytes. The caller measures the body: a text by its
 * length, an object when it is copied (`snapshot`). Only keys longer than `SHARED_KEY_LENGTH` count.
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

/** Returns the size of any value. The traversal is bounded, so it ends for cyclic structures, too. */
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
