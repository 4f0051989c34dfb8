/**
 * Checks of options. An invalid configuration throws at construction, with the option, what was expected, and
 * the value.
 */

/** @throws TypeError unless `value` is an object; `where` is the constructor's name. */
export function checkObject(where: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${where} must be an object, got ${shown(value)}`);
  }
}

/** @throws TypeError for the first unknown option. */
export function checkKnown(where: string, options: object, known: readonly string[]): void {
  checkObject(where, options);
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new TypeError(`${where} has no option ${JSON.stringify(name)}; known names: ${known.join(', ')}`);
  }
}

/** @throws RangeError unless `value` is a whole number from `min` to `max`. */
export function wholeNumber(
  name: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
  throw new RangeError(`${name} must be a whole number from ${min}${upTo}, got ${shown(value)}`);
}

/** @throws RangeError unless `value` is a number of milliseconds from `min`; Infinity is allowed. */
export function duration(name: string, value: unknown, min = 0): number {
  if (typeof value === 'number' && value >= min) return value;
  throw new RangeError(`${name} must be a number of milliseconds from ${min}, got ${shown(value)}`);
}

/** @throws TypeError unless `value` is an object with all these methods. */
export function withMethods<T>(name: string, value: unknown, methods: readonly string[]): T {
  const found = value as Record<string, unknown> | null | undefined;
  const has = (method: string) => typeof found?.[method] === 'function';
  if (found != null && methods.every(has)) return value as T;
  throw new TypeError(
    `${name} must be an object with ${methods.map((m) => `${m}()`).join(', ')}, got ${shown(value)}`,
  );
}

/**
 * Merges the given options with the defaults. `undefined` counts as not set, so callers can pass
 * `process.env.X && …`.
 */
export function withDefaults<T extends object>(
  defaults: T,
  given: { readonly [Name in keyof T]?: T[Name] | undefined },
): T {
  const result = { ...defaults };
  for (const name of Object.keys(given) as (keyof T)[]) {
    const value = given[name];
    if (value !== undefined) result[name] = value as T[keyof T];
  }
  return result;
}

/** Formats a value for an error message: short, and never throws. */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
