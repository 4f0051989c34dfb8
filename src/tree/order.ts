import { BURST_SEQUENCE } from '../record/index.ts';
import type { TreeRecord } from './tree-record.ts';

/** Anything that has a time. */
export interface Timed {
  readonly seconds: number;
  readonly nanos: number;
}

/** Below 0: `one` is earlier. */
export function compareTimes(one: Timed, other: Timed): number {
  return one.seconds - other.seconds || one.nanos - other.nanos;
}

/** Milliseconds since 1970, with the microseconds left out. */
export function millisOf({ seconds, nanos }: Timed): number {
  return seconds * 1e3 + Math.floor(nanos / 1e6);
}

/** Seconds from `from` to `to`; exact enough for spans of years. */
export function secondsBetween(from: Timed, to: Timed): number {
  return to.seconds - from.seconds + (to.nanos - from.nanos) / 1e9;
}

/** Below 0: `one` comes first by its code units, which is the same on every machine. */
export function compareTexts(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/**
 * An order of records in which only copies of the same record are equal: time first, then all the rest. So the
 * trees do not depend on the order in which records arrived. Many loggers count milliseconds: of the same time come
 * those that a burst released, in its order, and then the others, the trigger among them.
 */
export function compareRecords(one: TreeRecord, other: TreeRecord): number {
  return (
    compareTimes(one, other) ||
    compareNumbers(sequenceOf(one), sequenceOf(other)) ||
    compareTexts(one.body, other.body) ||
    compareTexts(one.eventName, other.eventName) ||
    one.severity - other.severity ||
    compareTexts(one.spanId, other.spanId) ||
    compareTexts(one.service, other.service) ||
    compareTexts(one.process, other.process) ||
    compareTexts(one.scope, other.scope) ||
    compareValues(one.attributes, other.attributes, 0)
  );
}

/** Its place in its burst; without one after all that have one. */
function sequenceOf({ attributes }: TreeRecord): number {
  const sequence = attributes[BURST_SEQUENCE];
  return typeof sequence === 'number' && !Number.isNaN(sequence) ? sequence : Number.POSITIVE_INFINITY;
}

function compareNumbers(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

/** Values deeper than this count as equal: whoever differs only there is a copy to a reader. */
const MAX_LEVELS = 16;

function compareValues(one: unknown, other: unknown, level: number): number {
  if (Object.is(one, other) || level > MAX_LEVELS) return 0;
  if (!isPlain(one) || !isPlain(other)) return compareLeaves(one, other);
  if (Array.isArray(one) !== Array.isArray(other)) return Array.isArray(one) ? -1 : 1;
  const names = Object.keys(one).sort(compareTexts);
  const otherNames = Object.keys(other).sort(compareTexts);
  for (let at = 0; at < names.length && at < otherNames.length; at += 1) {
    const name = names[at]!;
    const order = compareTexts(name, otherNames[at]!) || compareValues(one[name], other[name], level + 1);
    if (order !== 0) return order;
  }
  return names.length - otherNames.length;
}

function compareLeaves(one: unknown, other: unknown): number {
  return compareTexts(typeof one, typeof other) || compareTexts(leafText(one), leafText(other));
}

function leafText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return '';
  }
}

function isPlain(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null;
}
