import { boundedSnapshot, EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE } from '../record/index.ts';
import { ELSEWHERE, EVENT_NAME, type PinoKeys, type PinoLines } from './pino-logger.ts';

/** The content of a pino line as the fields of a log record. */
export interface PinoRecord {
  readonly body: string | undefined;
  readonly eventName: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The maximum size of the copy of a nested object. */
const MAX_NESTED_BYTES = 256 * 1024;
/**
 * Creates the record of a call without serializing it.
 * @returns undefined if only pino can determine the content of the line
 */
export function directRecord(lines: PinoLines, args: readonly unknown[]): PinoRecord | undefined {
  const first = args[0];
  if (lines.isOpaque) return undefined;
  if (typeof first === 'string') return withBody(lines.prefix, first, args, 1, lines.bindings);
  // Only plain objects: pino shortens those of `node:http`, and an error has more than its fields.
  if (typeof first !== 'object' || first === null || Object.getPrototypeOf(first) !== Object.prototype) {
    return undefined;
  }
  const message = args[1];
  if (message !== undefined && typeof message !== 'string') return undefined;
  const attributes = attributesOf(first as Readonly<Record<string, unknown>>, lines);
  return attributes && withBody(lines.prefix, message, args, 2, attributes);
}

function withBody(
  prefix: string,
  message: string | undefined,
  args: readonly unknown[],
  from: number,
  attributes: Readonly<Record<string, unknown>>,
): PinoRecord | undefined {
  if (message === undefined) return { body: undefined, eventName: undefined, attributes };
  const text = prefix === '' ? message : prefix + message;
  const body = args.length <= from ? text : formatted(text, args, from);
  return body === undefined ? undefined : { body, eventName: undefined, attributes };
}

/**
 * Combines the bindings and the object of a call. An object that contains only strings, numbers and booleans
 * is returned itself, because the logger copies it.
 */
function attributesOf(
  object: Readonly<Record<string, unknown>>,
  lines: PinoLines,
): Readonly<Record<string, unknown>> | undefined {
  let isFlat = true;
  for (const key in object) {
    if (lines.special.has(key)) return undefined;
    const type = typeof object[key];
    if (type === 'bigint') return undefined;
    if (type !== 'string' && type !== 'number' && type !== 'boolean') isFlat = false;
  }
  if (isFlat) return lines.hasBindings ? { ...lines.bindings, ...object } : object;
  const attributes: Record<string, unknown> = { ...lines.bindings };
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (typeof value === 'object' && value !== null) {
      if (value instanceof Error) return undefined;
      attributes[key] = boundedSnapshot(value, MAX_NESTED_BYTES).value;
    } else if (value !== undefined && typeof value !== 'function' && typeof value !== 'symbol') {
      attributes[key] = value;
    }
  }
  return attributes;
}

/** Creates the record of a line that pino wrote. */
export function parsedRecord(line: string, keys: PinoKeys): PinoRecord {
  const {
    [keys.message]: body,
    [keys.error]: error,
    [EVENT_NAME]: eventName,
    ...attributes
  } = JSON.parse(line) as Record<string, unknown>;
  for (const key of ELSEWHERE) delete attributes[key];
  if (isRecord(error)) Object.assign(attributes, exceptionOf(error, keys));
  else if (error !== undefined) attributes[keys.error] = error;
  return {
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    eventName: typeof eventName === 'string' ? eventName : undefined,
    attributes,
  };
}

/** Applies pino's formatting for %s and %d; undefined for anything else. */
function formatted(text: string, args: readonly unknown[], from: number): string | undefined {
  let written = '';
  let rest = text;
  for (let at = from; at < args.length; at += 1) {
    const arg = args[at];
    const place = rest.indexOf('%');
    const kind = rest[place + 1];
    if (place < 0 || (typeof arg !== 'string' && typeof arg !== 'number')) return undefined;
    if (kind !== 's' && kind !== 'd') return undefined;
    written += `${rest.slice(0, place)}${kind === 's' ? arg : Number(arg)}`;
    rest = rest.slice(place + 2);
  }
  return rest.includes('%') ? undefined : written + rest;
}

/** Other fields of an error, such as a code, stay under its key. */
function exceptionOf(
  error: Readonly<Record<string, unknown>>,
  keys: PinoKeys,
): Readonly<Record<string, unknown>> {
  const attributes: Record<string, unknown> = {};
  const more: [string, unknown][] = [];
  for (const [key, value] of Object.entries(error)) {
    const name = Object.hasOwn(EXCEPTION, key) ? EXCEPTION[key] : undefined;
    if (name !== undefined && typeof value === 'string') attributes[name] = value;
    else more.push([key, value]);
  }
  if (more.length > 0) attributes[keys.error] = Object.fromEntries(more);
  return attributes;
}

const EXCEPTION: Readonly<Record<string, string>> = {
  type: EXCEPTION_TYPE,
  message: EXCEPTION_MESSAGE,
  stack: EXCEPTION_STACKTRACE,
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
