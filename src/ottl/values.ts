/**
 * Comparison and text form of values. The rules are those of the Collector: pkg/ottl, "Comparison Rules".
 * `undefined` and `null` are both nil.
 */
import { type AnyValue, type Attributes, isBytes, isMap, isWholeDouble } from '../otlp/index.ts';
import type { Operator } from './syntax.ts';

/** A value that could not be read: the result of the whole condition is then undefined. */
export const FAILED: unique symbol = Symbol('failed');

export type Value = AnyValue | undefined;
export type Read = Value | typeof FAILED;

export function isNil(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

/** Whether a number is an integer (int64), not a double. */
export function isInt(value: Value): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
}

/** Compares two values; values of different types are only ever `!=`. */
export function compare(operator: Operator, left: Value, right: Value): boolean {
  const one = numeric(left);
  const other = numeric(right);
  if (one !== undefined && other !== undefined) {
    // Numbers of different types are compared as doubles.
    if (typeof one === typeof other) return ordered(operator, one, other);
    return ordered(operator, Number(one), Number(other));
  }
  if (typeof left === 'string' && typeof right === 'string') return orderedText(operator, left, right);
  if (typeof left === 'boolean' && typeof right === 'boolean') return ordered(operator, left, right);
  if (isNil(left) && isNil(right)) return operator === '==' || operator === '<=' || operator === '>=';
  if (operator === '==' || operator === '!=') return isEqual(left, right) === (operator === '==');
  if (bytesOrNone(left) && bytesOrNone(right)) return ordered(operator, Buffer.compare(left, right), 0);
  return false;
}

/** Integers unchanged, doubles as numbers; undefined for any other value. */
function numeric(value: Value): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  return typeof value === 'object' && value !== null && isWholeDouble(value) ? value.double : undefined;
}

function ordered<T extends number | bigint | boolean | string>(
  operator: Operator,
  one: T,
  other: T,
): boolean {
  switch (operator) {
    case '==':
      return one === other;
    case '!=':
      return one !== other;
    case '<':
      return one < other;
    case '<=':
      return one <= other;
    case '>':
      return one > other;
    case '>=':
      return one >= other;
  }
}

/** Go compares strings by their UTF-8 bytes, which differs from JavaScript's order only for surrogates. */
function orderedText(operator: Operator, one: string, other: string): boolean {
  if (operator === '==' || operator === '!=') return ordered(operator, one, other);
  return ordered(
    operator,
    SURROGATE.test(one) || SURROGATE.test(other) ? byBytes(one, other) : byUnits(one, other),
    0,
  );
}

const SURROGATE = /[\ud800-\udfff]/;

function byUnits(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function bytesOrNone(value: Value): value is Uint8Array {
  return !isNil(value) && isBytes(value);
}

/** Deep equality. The order of keys in a map is not significant. */
function isEqual(left: Value, right: Value): boolean {
  if (isNil(left) || isNil(right)) return isNil(left) && isNil(right);
  if (typeof left !== 'object' || typeof right !== 'object') {
    const one = numeric(left);
    const other = numeric(right);
    if (one === undefined || other === undefined) return left === right;
    return isInt(left) === isInt(right) && one === other;
  }
  if (isBytes(left) || isBytes(right)) {
    return isBytes(left) && isBytes(right) && Buffer.compare(left, right) === 0;
  }
  if (isWholeDouble(left) || isWholeDouble(right)) {
    return isWholeDouble(left) && isWholeDouble(right) && left.double === right.double;
  }
  if (isMap(left)) return isMap(right) && areEqualMaps(left.entries, right.entries);
  if (isMap(right)) return false;
  const others = right as readonly AnyValue[];
  const all = left as readonly AnyValue[];
  return all.length === others.length && all.every((each, index) => isEqual(each, others[index]));
}

function areEqualMaps(left: Attributes, right: Attributes): boolean {
  if (left.length !== right.length) return false;
  const byKey = new Map(right);
  return left.every(([key, value]) => byKey.has(key) && isEqual(value, byKey.get(key)));
}

/** The text form of a value for string functions; undefined: nil; FAILED: it has no text form. */
export function likeText(value: Value): string | undefined | typeof FAILED {
  if (isNil(value)) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && isBytes(value)) return Buffer.from(value).toString('hex');
  return jsonText(value, true);
}

/** The text of `body.string`. */
export function bodyText(value: Value): string {
  if (isNil(value)) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && isBytes(value)) return Buffer.from(value).toString('base64');
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const text = jsonText(value, false);
  return text === FAILED ? '' : text;
}

/** JSON in Go's form: keys sorted by their bytes, bytes in base64; FAILED for NaN and Infinity. */
function jsonText(value: AnyValue, escapesHtml: boolean): string | typeof FAILED {
  try {
    return json(value, escapesHtml);
  } catch {
    return FAILED;
  }
}

function json(value: AnyValue, escapesHtml: boolean): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return jsonString(value, escapesHtml);
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      return jsonNumber(value);
  }
  if (isWholeDouble(value)) return Object.is(value.double, -0) ? '-0' : jsonNumber(value.double);
  if (isBytes(value)) return `"${Buffer.from(value).toString('base64')}"`;
  if (!isMap(value)) return `[${value.map((each) => json(each, escapesHtml)).join(',')}]`;
  const entries = [...new Map(value.entries)].sort(([one], [other]) => byBytes(one, other));
  return `{${entries.map(([key, each]) => `${jsonString(key, escapesHtml)}:${json(each, escapesHtml)}`).join(',')}}`;
}

function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('JSON has no such number');
  return String(value);
}

function jsonString(value: string, escapesHtml: boolean): string {
  const text = JSON.stringify(value).replace(/[\u2028\u2029]/g, asEscape);
  return escapesHtml ? text.replace(/[<>&]/g, asEscape) : text;
}

function asEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
