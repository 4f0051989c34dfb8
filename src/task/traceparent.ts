import type { SpanContext } from '@opentelemetry/api';

/** Flags that this version of the standard knows: sampled, and random trace id (level 2). */
const KNOWN_FLAGS = 0x03;

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;
const ZERO = /^0+$/;

/** Without blanks and tabs at its ends, in linear time: a regular expression is quadratic in the number of blanks. */
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
 * Reads a `traceparent` by the rules of W3C Trace Context, level 2 (section 3.2): lower case hex only, no
 * surrounding blanks beside those that HTTP allows, ids not all zero, version ff refused, version 00 exact,
 * higher versions by their first four fields, unknown flag bits zeroed.
 * @returns undefined if it is refused
 */
export function parseTraceparent(header: string): SpanContext | undefined {
  // RFC 9110, 5.5: optional whitespace around a field value is no part of it.
  const match = FORM.exec(withoutBlanks(header));
  if (match === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = '', more] = match;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (ZERO.test(traceId) || ZERO.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & KNOWN_FLAGS, isRemote: true };
}

/** Writes a `traceparent` of version 00; unknown flag bits are zeroed. */
export function formatTraceparent(span: SpanContext): string {
  return `00-${span.traceId}-${span.spanId}-0${(span.traceFlags & KNOWN_FLAGS).toString(16)}`;
}
