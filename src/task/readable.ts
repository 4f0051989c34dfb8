import { types } from 'node:util';
import { CHARACTER_BYTES, errorText, snapshot } from '../record/index.ts';
import { tellOnce } from './shared-state.ts';

/** The size of an attribute's value, in bytes, from which on it is not kept: `[too big]` is written instead. */
const MAX_VALUE_BYTES = 64 * 1024;
const TOO_BIG = '[too big]';

/**
 * Attribute names that say what task, burst and failure a record belongs to cannot be bound; nor can the one that
 * would change the prototype of the SDK's attributes.
 */
const RESERVED = /^(?:(?:task|burst|exception)\.|__proto__$)/;
const LETTER_T = 0x74;
const LETTER_B = 0x62;
const LETTER_E = 0x65;
const UNDERSCORE = 0x5f;

/** What an attribute of a log record may be: plain data, a copy of ours. */
export type Readable = unknown;

/** Copies data into `target`: reserved and unset keys are left out, values become plain and readable. */
export function copyReadable(target: Record<string, Readable>, data: unknown): void {
  if (data === undefined || data === null) return;
  if (typeof data !== 'object') {
    tellOnce('data', `the data of a task must be an object, got a ${typeof data}; it was left out`);
    return;
  }
  try {
    for (const key of Object.keys(data)) copyOne(target, key, data as Record<string, unknown>);
  } catch (error) {
    tellOnce('data', `the data of a task cannot be read (${errorText(error)}); it was left out`);
  }
}

function copyOne(target: Record<string, Readable>, key: string, data: Record<string, unknown>): void {
  if (mayBeReserved(key) && RESERVED.test(key)) {
    tellOnce('reserved', `${JSON.stringify(key)} is a name of our own and cannot be bound; it was left out`);
    return;
  }
  let value: unknown;
  try {
    value = data[key];
  } catch (error) {
    value = `[threw ${errorText(error)}]`;
  }
  if (value === undefined) return;
  target[key] = readable(value);
}

/** By its first letter, so that most keys are spared the expression. */
function mayBeReserved(key: string): boolean {
  const first = key.charCodeAt(0);
  return first === LETTER_T || first === LETTER_B || first === LETTER_E || first === UNDERSCORE;
}

function readable(value: unknown): Readable {
  switch (typeof value) {
    case 'string':
      return bounded(value);
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : bounded(String(value));
    case 'symbol':
      return bounded(String(value));
    case 'function':
      return '[function]';
    case 'object':
      return value === null ? null : copyOfObject(value);
    default:
      return String(value);
  }
}

function bounded(text: string): string {
  return text.length * CHARACTER_BYTES > MAX_VALUE_BYTES ? TOO_BIG : text;
}

function copyOfObject(value: object): Readable {
  try {
    if (value instanceof Error || types.isNativeError(value)) return errorText(value);
    const copy = snapshot(value, MAX_VALUE_BYTES);
    return copy === undefined ? TOO_BIG : copy.value;
  } catch (error) {
    return `[threw ${errorText(error)}]`;
  }
}

/** The same data for a span, whose attributes are plain values and lists of one kind: the rest as JSON. */
export function forSpan(data: Readonly<Record<string, Readable>>): Record<string, string | number | boolean> {
  const attributes: Record<string, string | number | boolean> = {};
  for (const key of Object.keys(data)) {
    const value = data[key];
    if (value === null || value === undefined) continue;
    attributes[key] = typeof value === 'object' ? jsonOf(value) : (value as string | number | boolean);
  }
  return attributes;
}

function jsonOf(value: object): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  try {
    return JSON.stringify(value);
  } catch (error) {
    return `[threw ${errorText(error)}]`;
  }
}
