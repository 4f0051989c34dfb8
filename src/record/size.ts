import type { ReadableLogRecordLike } from './otel.ts';

/**
 * What a held record weighs without its strings: the SDK's record was measured at 331 bytes, its slot at 36
 * to 54 (docs/benchmarks.md).
 */
export const RECORD_BYTES = 400;
/** A property or an array element: pointer, and a number or the header of a string. */
export const VALUE_BYTES = 24;
/** V8 keeps a character in one or two bytes; two is what may be needed. */
export const CHARACTER_BYTES = 2;
/** Past so many values a walk stops: at 24 bytes each the result is too big for every purpose by then. */
const MAX_VALUES = 200_000;

/**
 * Estimates the memory that a record keeps, in bytes, from its body and attributes. Object bodies are measured
 * where they are copied (`snapshot`), so an object body counts only if `withBody` is not given as false.
 */
export function estimateSize(record: ReadableLogRecordLike): number {
  const body = record.body;
  const ofBody =
    typeof body === 'string' ? body.length * CHARACTER_BYTES : typeof body === 'object' ? sizeOf(body) : 0;
  return ofBody + attributesSize(record.attributes);
}

/** The size of a record without its body. */
export function attributesSize(attributes: { readonly [key: string]: unknown }): number {
  let size = RECORD_BYTES;
  for (const key in attributes) {
    const value = attributes[key];
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
      for (let at = 0; at < value.length && rest.length < MAX_VALUES; at += 1) rest.push(value[at]);
    } else if (typeof value === 'object' && value !== null) {
      for (const key of Object.keys(value)) {
        size += key.length * CHARACTER_BYTES;
        rest.push((value as Record<string, unknown>)[key]);
      }
    }
  }
  return size;
}
