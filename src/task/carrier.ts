import { type Context, propagation, type SpanContext, type TextMapGetter, trace } from '@opentelemetry/api';
import { errorText } from '../record/index.ts';
import { headerText, isNothing, shownHeader, valuesOf } from './header-value.ts';
import { warnOnce } from './shared-state.ts';
import { parseTraceState } from './trace-state.ts';
import { parseTraceparent } from './traceparent.ts';

/** What came from another process. */
export interface Foreign {
  /** The span of the other process. Absent: nothing was sent, or what was sent is refused. */
  readonly remote?: SpanContext | undefined;
  /** A header that is refused: bounded, printable. */
  readonly refused?: string | undefined;
  /** The given context with the baggage that was sent. */
  readonly context: Context;
}

/** How many names of a carrier are looked at for one that differs in upper and lower case. */
const MAX_NAMES = 1_000;
/** Fan-in of more messages than this is linked to the first of them. */
const MAX_CARRIERS = 128;

/**
 * Reads a `traceparent`, or a carrier of headers, from another process: a plain object (names in any case), a
 * `Headers`, a `Map`, the environment, or a list of objects with one name each, as some clients of Kafka have it.
 * See {@link headerText} for the values. Never throws.
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
  // No traceparent: another propagator may be registered, for another form.
  const remote = trace.getSpanContext(extracted);
  const found =
    remote !== undefined && remote !== trace.getSpanContext(into) && trace.isSpanContextValid(remote);
  return { context: extracted, ...(found ? { remote } : {}) };
}

/** The carriers of a list of messages, or the one that was given. Never throws. */
export function carriersOf(source: unknown): readonly unknown[] {
  try {
    if (!Array.isArray(source)) return [source];
    // A list may be sparse, and be as long as a list can be.
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
  // More than one traceparent is none (W3C Trace Context, 3.2.2 and 4.2): which one would it be?
  const [header, ...more] = valuesOf(traceparent);
  const text = more.length === 0 ? headerText(header) : undefined;
  const parsed = text === undefined ? undefined : parseTraceparent(text);
  if (parsed === undefined) return { refused: shownHeader(traceparent) };
  const state = parseTraceState(joined(tracestate));
  return { remote: state === undefined ? parsed : { ...parsed, traceState: state } };
}

/** Several tracestate headers are one list (3.3.1). */
function joined(value: unknown): string {
  return valuesOf(value)
    .map(headerText)
    .filter((part) => part !== undefined)
    .join(',');
}

/** Whether each item of a list is a header with its name. */
function isHeaderList(list: readonly unknown[]): boolean {
  return list.length > 0 && list.slice(0, MAX_NAMES).every((item) => namedHeader(item) !== undefined);
}

/** A header of a list: `{ name: value }`, `[name, value]` or `{ key: name, value }`. */
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

/** A header by its name, whatever its case, in whatever holds headers. */
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

/** A `Map` finds a name in one case only. */
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
