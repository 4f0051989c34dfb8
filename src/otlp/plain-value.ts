import { type AnyValue, type Attributes, isBytes, isMap, isWholeDouble } from './decoded.ts';

/** A value as plain data of JavaScript: doubles and integers are numbers, maps are objects. */
export function plainValue(value: AnyValue): unknown {
  if (typeof value !== 'object' || value === null || isBytes(value)) return value;
  if (isWholeDouble(value)) return value.double;
  return isMap(value) ? plainObject(value.entries) : value.map(plainValue);
}

/** Attributes as an object. Of a key that is there more than once the first value counts. */
export function plainObject(attributes: Attributes): { [key: string]: unknown } {
  const object: { [key: string]: unknown } = {};
  for (const [key, value] of attributes) {
    if (Object.hasOwn(object, key)) continue;
    // An assignment would change the prototype instead.
    if (key === '__proto__') define(object, key, plainValue(value));
    else object[key] = plainValue(value);
  }
  return object;
}

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
