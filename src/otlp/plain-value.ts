import { type AnyValue, type Attributes, isBytes, isMap, isWholeDouble } from './decoded.ts';

/** Converts a value to plain JavaScript data: doubles and integers become numbers, maps become objects. */
export function plainValue(value: AnyValue): unknown {
  if (typeof value !== 'object' || value === null || isBytes(value)) return value;
  if (isWholeDouble(value)) return value.double;
  return isMap(value) ? plainObject(value.entries) : value.map(plainValue);
}

/** Converts attributes to an object. If a key is repeated, its first value is used. */
export function plainObject(attributes: Attributes): { [key: string]: unknown } {
  const object: { [key: string]: unknown } = {};
  for (const [key, value] of attributes) {
    if (Object.hasOwn(object, key)) continue;
    // An assignment would set the prototype.
    if (key === '__proto__') define(object, key, plainValue(value));
    else object[key] = plainValue(value);
  }
  return object;
}

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
