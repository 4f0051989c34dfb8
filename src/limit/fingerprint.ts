/**
 * What makes two errors the same. The answer is text that says nothing of what the error said: the version of
 * these rules, and a hash.
 */
import {
  ERROR_FINGERPRINT,
  EXCEPTION_MESSAGE,
  EXCEPTION_STACKTRACE,
  EXCEPTION_TYPE,
  type ReadableLogRecordLike,
} from '../record/index.ts';
import { messageTemplate } from './message-template.ts';

/** Of the application's stack, as many frames count. */
const FRAMES = 3;
/** As many lines of a stack are looked through for them. */
const MAX_LINES = 50;
/** Of records that cannot be read. */
const UNREADABLE = 'v1:unreadable';
/** A fingerprint that is given, and longer, is hashed. */
const MAX_GIVEN = 128;

/**
 * The fingerprint of a record, from the first of these that it has: the attribute `error.fingerprint`; type
 * and first own frames of an exception, without line numbers; type and message of an exception, without what
 * varies; logger, event name and body, without what varies.
 */
export function fingerprintOf(record: ReadableLogRecordLike): string {
  try {
    return found(record);
  } catch {
    // A getter of a record that is not the SDK's.
    return UNREADABLE;
  }
}

function found(record: ReadableLogRecordLike): string {
  const attributes: Record<string, unknown> = record.attributes;
  const given = attributes[ERROR_FINGERPRINT];
  if (typeof given === 'string' && given !== '') return givenFingerprint(given);
  const type = attributes[EXCEPTION_TYPE];
  if (typeof type === 'string') {
    const frames = ownFrames(attributes[EXCEPTION_STACKTRACE]);
    return hashed(
      frames === '' ? `${type}\n${template(attributes[EXCEPTION_MESSAGE])}` : `${type}\n${frames}`,
    );
  }
  const { name } = record.instrumentationScope;
  return hashed(`${name}\n${record.eventName ?? ''}\n${template(textOf(record.body))}`);
}

/** The fingerprint that the application gives; hashed if it is long. */
export function givenFingerprint(text: string): string {
  return text.length <= MAX_GIVEN ? text : hashed(text);
}

/** The fingerprint of a span that is a trigger. */
export function spanFingerprint(cause: string, name: string): string {
  return hashed(`${cause}\n${template(name)}`);
}

/** The first frames of the application itself: function and file. Empty if there are none. */
function ownFrames(stack: unknown): string {
  if (typeof stack !== 'string') return '';
  let frames = '';
  let found = 0;
  let from = stack.indexOf('\n    at ');
  for (let line = 0; from >= 0 && found < FRAMES && line < MAX_LINES; line += 1) {
    const next = stack.indexOf('\n', from + 1);
    const frame = stack.slice(from + 8, next < 0 ? undefined : next);
    if (!frame.includes('node:') && !frame.includes('node_modules') && !frame.includes('(native')) {
      frames += `${frame.replace(/(?::\d+){1,2}(?=\)?$)/, '')}\n`;
      found += 1;
    }
    from = next < 0 ? -1 : stack.indexOf('\n    at ', next);
  }
  return frames;
}

function textOf(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const { message, msg } = body as { message?: unknown; msg?: unknown };
  const text = message ?? msg;
  return typeof text === 'string' ? text : Object.keys(body).slice(0, 20).join();
}

function template(text: unknown): string {
  return typeof text === 'string' ? messageTemplate(text) : '';
}

/** FNV-1a (draft-eastlake-fnv) in two lanes of 32 bits, which is quicker here than one of 64. */
function hashed(text: string): string {
  let one = 0x811c9dc5;
  let other = 0xc2b2ae35;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, 0x01000193);
    other = Math.imul(other ^ code, 0x01000193) ^ (other >>> 15);
  }
  return `v1:${hex(one)}${hex(other)}`;
}

function hex(number: number): string {
  return (number >>> 0).toString(16).padStart(8, '0');
}
