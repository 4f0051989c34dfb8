import { BURST_SEQUENCE } from '../record/index.ts';
import type { TreeRecord } from './tree-record.ts';

/** An object with a time. */
export interface Timed {
  readonly seconds: number;
  readonly nanos: number;
}

/** Negative if `one` is earlier. */
export function compareTimes(one: Timed, other: Timed): number {
  return one.seconds - other.seconds || one.nanos - other.nanos;
}

/** Milliseconds since 1970, without microseconds. */
export function millisOf({ seconds, nanos }: Timed): number {
  return seconds * 1e3 + Math.floor(nanos / 1e6);
}

/** Seconds from `from` to `to`; accurate for spans of years. */
export function secondsBetween(from: Timed, to: Timed): number {
  return to.seconds - from.seconds + (to.nanos - from.nanos) / 1e9;
}

/** Negative if `one` is first by code units, which gives the same order on every machine. */
export function compareTexts(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/**
 * A total order in which only copies of a record are equal: by time, then by all other fields, so trees do
 * not depend on the order of arrival. Many loggers have a resolution of milliseconds: of records with the
 * same time, those released by a burst are first, in the burst's order, then the others, including the
 * trigger.
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

/** The position in its burst; records without one are last. */
function sequenceOf({ attributes }: TreeRecord): number {
  const sequence = attributes[BURST_SEQUENCE];
  return typeof sequence === 'number' && !Number.isNaN(sequence) ? sequence : Number.POSITIVE_INFINITY;
}

function compareNumbers(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

/** Values nested deeper than this are treated as equal. */
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
