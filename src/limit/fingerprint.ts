/**
 * Computes error fingerprints: two errors are the same if their fingerprints are equal. A fingerprint is the
 * version of these rules and a hash, so it does not reveal the error's text.
 */
import {
  ERROR_FINGERPRINT,
  EXCEPTION_MESSAGE,
  EXCEPTION_STACKTRACE,
  EXCEPTION_TYPE,
  type ReadableLogRecordLike,
} from '../record/index.ts';
import { messageTemplate } from './message-template.ts';

/** How many frames of the application itself are part of the fingerprint. */
const FRAMES = 3;
/** How many lines of a stack are searched for those frames. */
const MAX_LINES = 50;
/** The fingerprint of a record that cannot be read. */
const UNREADABLE = 'v1:unreadable';
/** The longest explicit fingerprint, in characters. A longer one is hashed. */
const MAX_EXPLICIT = 128;

/**
 * Returns the fingerprint of a record, computed from the first of these that the record has:
 * 1. the attribute `error.fingerprint`;
 * 2. the exception's type and its first own frames, without line numbers;
 * 3. the exception's type and message template;
 * 4. the logger name, the event name and the template of the body.
 */
export function fingerprintOf(record: ReadableLogRecordLike): string {
  try {
    return computeFingerprint(record);
  } catch {
    // A getter of a record that was not created by the SDK may throw.
    return UNREADABLE;
  }
}

function computeFingerprint(record: ReadableLogRecordLike): string {
  const attributes: Record<string, unknown> = record.attributes;
  const explicit = attributes[ERROR_FINGERPRINT];
  if (typeof explicit === 'string' && explicit !== '') return explicitFingerprint(explicit);
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

/** Returns the fingerprint that the application supplied, hashed if it exceeds `MAX_EXPLICIT` characters. */
export function explicitFingerprint(text: string): string {
  return text.length <= MAX_EXPLICIT ? text : hashed(text);
}

/** Returns the fingerprint of a span that triggers a burst. */
export function spanFingerprint(cause: string, name: string): string {
  return hashed(`${cause}\n${template(name)}`);
}

/** Returns function and file of the first frames of the application itself, or '' if there are none. */
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

/** FNV-1a (draft-eastlake-fnv) in two lanes of 32 bits, which is faster here than one lane of 64 bits. */
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
