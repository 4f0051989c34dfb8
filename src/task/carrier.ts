import { type Context, propagation, type SpanContext, type TextMapGetter, trace } from '@opentelemetry/api';
import { errorText } from '../record/index.ts';
import { tellOnce } from './shared-state.ts';
import { parseTraceState } from './trace-state.ts';
import { parseTraceparent } from './traceparent.ts';

/** What came from another process. */
export interface Foreign {
  /** Where the other process was. Absent: nothing was sent, or what was sent is refused. */
  readonly remote?: SpanContext | undefined;
  /** What was sent and is refused: bounded, printable. */
  readonly refused?: string | undefined;
  /** The given context with the baggage that came along. */
  readonly context: Context;
}

/** How much of a refused header is kept, in characters. */
const MAX_REFUSED = 128;
/** How many names of a carrier are looked at for one that differs in upper and lower case. */
const MAX_NAMES = 1_000;

/**
 * Reads a `traceparent`, or a carrier of headers, from another process: a plain object (names in any case,
 * values text, bytes, or a list), a `Headers`, a `Map`, the environment. Never throws.
 */
export function readForeign(source: unknown, into: Context): Foreign {
  try {
    return read(source, into);
  } catch (error) {
    // A revoked proxy throws whatever is asked of it.
    return { refused: shownHeader(errorText(error)), context: into };
  }
}

function read(source: unknown, into: Context): Foreign {
  if (isNothing(source)) return { context: into };
  if (typeof source !== 'object' || Array.isArray(source) || source instanceof Uint8Array) {
    return { ...readHeaders(source, undefined), context: into };
  }
  const carrier = source as object;
  const extracted = extract(into, carrier);
  const header = lookUp(carrier, 'traceparent');
  if (!isNothing(header)) {
    return { ...readHeaders(header, lookUp(carrier, 'tracestate')), context: extracted };
  }
  // No traceparent: another propagator may be registered, for another form.
  const remote = trace.getSpanContext(extracted);
  const found =
    remote !== undefined && remote !== trace.getSpanContext(into) && trace.isSpanContextValid(remote);
  return { context: extracted, ...(found ? { remote } : {}) };
}

/** Nothing was sent. Some carriers, as the metadata of gRPC, answer with an empty list. */
function isNothing(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

function readHeaders(traceparent: unknown, tracestate: unknown): { remote?: SpanContext; refused?: string } {
  const header = only(traceparent);
  const text = textOf(header);
  const parsed = text === undefined ? undefined : parseTraceparent(text);
  if (parsed === undefined) return { refused: shownHeader(traceparent) };
  const state = parseTraceState(joined(tracestate));
  return { remote: state === undefined ? parsed : { ...parsed, traceState: state } };
}

/** More than one traceparent is none (W3C Trace Context, 3.2.2 and 4.2): which one would it be? */
function only(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** Several tracestate headers are one list (3.3.1). */
function joined(value: unknown): string {
  const parts = Array.isArray(value) ? value : [value];
  return parts
    .map(textOf)
    .filter((part) => part !== undefined)
    .join(',');
}

/** Some transports carry headers as bytes. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return undefined;
}

/** What was refused, so that a reader sees it: not longer than a header would be, and nothing but printable. */
function shownHeader(value: unknown): string {
  let text: string;
  try {
    const known = textOf(value);
    text =
      known ??
      (Array.isArray(value)
        ? value
            .slice(0, 8)
            .map((one) => textOf(one) ?? typeof one)
            .join(', ')
        : String(value));
  } catch (error) {
    text = errorText(error);
  }
  const printable = text.slice(0, MAX_REFUSED * 2).replace(/[^\x20-\x7e]/g, '?');
  return printable.length > MAX_REFUSED ? `${printable.slice(0, MAX_REFUSED - 3)}...` : printable;
}

interface Gettable {
  get(name: string): unknown;
}

/** A header by its name, whatever its case, in whatever holds headers. */
function lookUp(carrier: unknown, name: string): unknown {
  try {
    const gettable = carrier as Partial<Gettable>;
    if (typeof gettable.get === 'function') {
      const found = gettable.get(name) ?? gettable.get(name.toUpperCase()) ?? inAnyCase(carrier, name);
      return found === null ? undefined : found;
    }
    const headers = carrier as Record<string, unknown>;
    if (Object.hasOwn(headers, name)) return headers[name];
    const upper = name.toUpperCase();
    if (Object.hasOwn(headers, upper)) return headers[upper];
    const other = Object.keys(headers)
      .slice(0, MAX_NAMES)
      .find((key) => key.toLowerCase() === name);
    return other === undefined ? undefined : headers[other];
  } catch {
    return undefined;
  }
}

/** A `Map` knows names in one case only. */
function inAnyCase(carrier: unknown, name: string): unknown {
  if (!(carrier instanceof Map)) return undefined;
  let looked = 0;
  for (const [key, value] of carrier) {
    if (typeof key === 'string' && key.toLowerCase() === name) return value;
    looked += 1;
    if (looked === MAX_NAMES) return undefined;
  }
  return undefined;
}

const getter: TextMapGetter<unknown> = {
  get(carrier, key) {
    const value = lookUp(carrier, key);
    if (Array.isArray(value)) return value.map((one) => textOf(one) ?? '');
    return textOf(value);
  },
  keys(carrier) {
    const keyed = carrier as { keys?: () => Iterable<string> };
    return typeof keyed.keys === 'function' ? [...keyed.keys()] : Object.keys(carrier as object);
  },
};

function extract(into: Context, carrier: object): Context {
  try {
    return propagation.extract(into, carrier, getter);
  } catch (error) {
    tellOnce('extract', `the registered propagator failed to read a carrier (${errorText(error)})`);
    return into;
  }
}
