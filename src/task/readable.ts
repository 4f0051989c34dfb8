import { types } from 'node:util';
import { CHARACTER_BYTES, errorText, snapshot } from '../record/index.ts';
import { warnOnce } from './shared-state.ts';

/** The maximum size of an attribute value in bytes. A larger value is replaced by `[too big]`. */
const MAX_VALUE_BYTES = 64 * 1024;
const TOO_BIG = '[too big]';
/** The maximum number of data attributes per task: twice the SDK's default limit per record. */
const MAX_ATTRIBUTES = 256;

/**
 * Reserved attribute names: those that identify the task, burst and failure of a record, and `__proto__`,
 * which would change the prototype of the SDK's attributes.
 */
const RESERVED = /^(?:(?:task|burst|exception)\.|__proto__$)/;
const LETTER_T = 0x74;
const LETTER_B = 0x62;
const LETTER_E = 0x65;
const UNDERSCORE = 0x5f;

/** An attribute value of a log record: a copy as plain data. */
export type Readable = unknown;

/**
 * Copies data into `target`. Reserved and undefined keys are omitted; values are converted to plain data.
 * @param held the existing attributes of the task, which count towards the maximum number
 */
export function copyReadable(
  target: Record<string, Readable>,
  data: unknown,
  held: Readonly<Record<string, Readable>> = target,
): void {
  if (data === undefined || data === null) return;
  try {
    if (!hasNames(data)) {
      const shown = typeof data === 'object' ? data.constructor.name : `a ${typeof data}`;
      warnOnce('data', `the data of a task must be an object with names, got ${shown}; it is ignored`);
      return;
    }
    copyAll(target, data, held);
  } catch (error) {
    warnOnce('data', `the data of a task cannot be read (${errorText(error)}); it is ignored`);
  }
}

/** Excludes arrays, bytes and texts, whose keys are numbers, possibly millions of them. */
function hasNames(data: unknown): data is Record<string, unknown> {
  return (
    typeof data === 'object' &&
    !Array.isArray(data) &&
    !ArrayBuffer.isView(data) &&
    !types.isBoxedPrimitive(data)
  );
}

function copyAll(
  target: Record<string, Readable>,
  data: Record<string, unknown>,
  held: Readonly<Record<string, Readable>>,
): void {
  let room = MAX_ATTRIBUTES - Object.keys(held).length;
  for (const key of Object.keys(data)) {
    if (mayBeReserved(key) && RESERVED.test(key)) {
      warnOnce('reserved', `${JSON.stringify(key)} is a reserved name and cannot be bound; it is ignored`);
      continue;
    }
    const isNew = !Object.hasOwn(held, key);
    if (isNew && room <= 0) {
      const name = JSON.stringify(key.slice(0, 64));
      warnOnce(
        'attributes',
        `a task can have at most ${MAX_ATTRIBUTES} data attributes; ${name} and further ones are ignored`,
      );
      return;
    }
    const value = read(data, key);
    if (value === undefined) continue;
    target[key] = readable(value);
    if (isNew) room -= 1;
  }
}

function read(data: Record<string, unknown>, key: string): unknown {
  try {
    return data[key];
  } catch (error) {
    return `[threw ${errorText(error)}]`;
  }
}

/** Checks the first letter, so that the regular expression is not needed for most keys. */
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

/** Converts the data to span attributes, which are primitive values; objects are converted to JSON. */
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
