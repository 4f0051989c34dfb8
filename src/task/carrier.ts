import { type Context, propagation, type SpanContext, type TextMapGetter, trace } from '@opentelemetry/api';
import { errorText } from '../record/index.ts';
import { headerText, isNothing, shownHeader, valuesOf } from './header-value.ts';
import { warnOnce } from './shared-state.ts';
import { parseTraceState } from './trace-state.ts';
import { parseTraceparent } from './traceparent.ts';

/** The trace context received from another process. */
export interface Foreign {
  /** The span of the other process. Undefined if there is no header, or it is invalid. */
  readonly remote?: SpanContext | undefined;
  /** The text of an invalid header, truncated and printable. */
  readonly refused?: string | undefined;
  /** The local context with the received baggage. */
  readonly context: Context;
}

/** The maximum number of names that are searched case-insensitively in a carrier. */
const MAX_NAMES = 1_000;
/** The maximum number of messages that a fan-in is linked to; further ones are ignored. */
const MAX_CARRIERS = 128;

/**
 * Reads a `traceparent`, or a carrier of headers, from another process: a plain object (names in any case), a
 * `Headers`, a `Map`, the environment, or a list of objects with one name each, as used by some Kafka
 * clients. See {@link headerText} for the values. Never throws.
 */
export function readForeign(source: unknown, into: Context): Foreign {
  try {
    return read(source, into);
  } catch (error) {
    // A revoked proxy throws on every access.
    return { refused: shownHeader(errorText(error)), context: into };
  }
}

function read(source: unknown, into: Context): Foreign {
  if (isNothing(source)) return { context: into };
  const isHeader = typeof source !== 'object' || headerText(source) !== undefined;
  if (isHeader || (Array.isArray(source) && !isHeaderList(source))) {
    return { ...readHeaders(source, undefined), context: into };
  }
  const carrier = source as object;
  const extracted = extract(into, carrier);
  const header = lookUp(carrier, 'traceparent');
  if (!isNothing(header)) {
    return { ...readHeaders(header, lookUp(carrier, 'tracestate')), context: extracted };
  }
  // Without a traceparent, a registered propagator may have read another format.
  const remote = trace.getSpanContext(extracted);
  const found =
    remote !== undefined && remote !== trace.getSpanContext(into) && trace.isSpanContextValid(remote);
  return { context: extracted, ...(found ? { remote } : {}) };
}

/** Returns the carriers of a list of messages, or the source itself as the only one. Never throws. */
export function carriersOf(source: unknown): readonly unknown[] {
  try {
    if (!Array.isArray(source)) return [source];
    // A list may be sparse and of any length.
    const carriers = Array.from(source.slice(0, MAX_CARRIERS));
    const isOne =
      headerText(source) !== undefined ||
      (isHeaderList(carriers) && valuesOf(lookUp(carriers, 'traceparent')).length === 1);
    return isOne ? [source] : carriers;
  } catch {
    return [source];
  }
}

function readHeaders(traceparent: unknown, tracestate: unknown): { remote?: SpanContext; refused?: string } {
  // Several traceparent headers are invalid (W3C Trace Context, 3.2.2 and 4.2).
  const [header, ...more] = valuesOf(traceparent);
  const text = more.length === 0 ? headerText(header) : undefined;
  const parsed = text === undefined ? undefined : parseTraceparent(text);
  if (parsed === undefined) return { refused: shownHeader(traceparent) };
  const state = parseTraceState(joined(tracestate));
  return { remote: state === undefined ? parsed : { ...parsed, traceState: state } };
}

/** Joins several tracestate headers to one list (3.3.1). */
function joined(value: unknown): string {
  return valuesOf(value)
    .map(headerText)
    .filter((part) => part !== undefined)
    .join(',');
}

/** Whether each item of a list is a named header. */
function isHeaderList(list: readonly unknown[]): boolean {
  return list.length > 0 && list.slice(0, MAX_NAMES).every((item) => namedHeader(item) !== undefined);
}

/**
 * Returns name and value of a header in a list: `{ name: value }`, `[name, value]` or `{ key: name, value }`.
 */
function namedHeader(item: unknown): readonly [string, unknown] | undefined {
  if (typeof item !== 'object' || item === null || item instanceof Uint8Array) return undefined;
  if (Array.isArray(item)) {
    return item.length === 2 && typeof item[0] === 'string' ? [item[0], item[1]] : undefined;
  }
  const [first, ...more] = Object.entries(item);
  if (first !== undefined && more.length === 0) return first;
  const { key, value } = item as { key?: unknown; value?: unknown };
  return typeof key === 'string' && value !== undefined ? [key, value] : undefined;
}

interface Gettable {
  get(name: string): unknown;
}

/** Returns the header of a name, case-insensitively, from any kind of carrier. */
function lookUp(carrier: unknown, name: string): unknown {
  try {
    if (Array.isArray(carrier)) return inList(carrier, name);
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

function inList(list: readonly unknown[], name: string): unknown {
  const found: unknown[] = [];
  for (const item of list.slice(0, MAX_NAMES)) {
    const [key, value] = namedHeader(item) ?? [];
    if (key?.toLowerCase() === name && !isNothing(value)) found.push(value);
  }
  return found.length > 1 ? found : found[0];
}

/** Searches a `Map` case-insensitively, because its `get()` is case-sensitive. */
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
    const values = valuesOf(lookUp(carrier, key));
    return values.length === 1 ? headerText(values[0]) : values.map((one) => headerText(one) ?? '');
  },
  keys(carrier) {
    if (Array.isArray(carrier))
      return carrier.slice(0, MAX_NAMES).flatMap((item) => namedHeader(item)?.[0] ?? []);
    const keyed = carrier as { keys?: () => Iterable<string> };
    return typeof keyed.keys === 'function' ? [...keyed.keys()] : Object.keys(carrier as object);
  },
};

function extract(into: Context, carrier: object): Context {
  try {
    return propagation.extract(into, carrier, getter);
  } catch (error) {
    warnOnce('extract', `the registered propagator failed to read a carrier (${errorText(error)})`);
    return into;
  }
}
