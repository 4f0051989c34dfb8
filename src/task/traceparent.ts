import type { SpanContext } from '@opentelemetry/api';

/** The flags of this version of the standard: sampled, and random trace id (level 2). */
const KNOWN_FLAGS = 0x03;

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;
const ZERO = /^0+$/;

/** Trims spaces and tabs in linear time; a regular expression would be quadratic in the number of spaces. */
export function withoutBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * Parses a `traceparent` by the rules of W3C Trace Context, level 2 (section 3.2): lower case hex only, no
 * surrounding whitespace except what HTTP allows, ids not all zero, version ff invalid, version 00 exact,
 * higher versions by their first four fields, unknown flag bits set to zero.
 * @returns undefined if it is invalid
 */
export function parseTraceparent(header: string): SpanContext | undefined {
  // RFC 9110, 5.5: optional whitespace around a field value is not part of it.
  const match = FORM.exec(withoutBlanks(header));
  if (match === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = '', more] = match;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (ZERO.test(traceId) || ZERO.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & KNOWN_FLAGS, isRemote: true };
}

/** Formats a `traceparent` of version 00; unknown flag bits are set to zero. */
export function formatTraceparent(span: SpanContext): string {
  return `00-${span.traceId}-${span.spanId}-0${(span.traceFlags & KNOWN_FLAGS).toString(16)}`;
}
