import { isDeepStrictEqual } from 'node:util';

/**
 * `expect(found).toEqual(expected)` for the thousands of values of a property test: what is equal already in the
 * strictest sense does not go through jest's comparison, which takes many times as long as what is under test.
 */
export function expectEqual(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
}
