import type { DecodedLogRecord, LogGroup } from '../otlp/index.ts';
import type { RecordQuery } from './record-source.ts';
import { wordTest } from './words.ts';

/** The time of a record, otherwise its observed time, in nanoseconds since 1970. */
export function timeOf({ timeUnixNano, observedTimeUnixNano }: DecodedLogRecord): bigint {
  return timeUnixNano === 0n ? observedTimeUnixNano : timeUnixNano;
}

/**
 * Filters groups by a query, for sources without an index.
 * @returns a function that returns the matching part of a group; undefined if nothing matches
 */
export function filterOf({
  words = '',
  when,
  traceId = '',
  fromNanos,
  toNanos,
}: Omit<RecordQuery, 'limit' | 'order'>): (group: LogGroup) => LogGroup | undefined {
  const hasWords = wordTest(words);
  return (group) => {
    const { resource, scope, records } = group;
    const matching = records.filter(
      (record) =>
        (traceId === '' || record.traceId.startsWith(traceId)) &&
        (fromNanos === undefined || timeOf(record) >= fromNanos) &&
        (toNanos === undefined || timeOf(record) < toNanos) &&
        (when === undefined || when.test(record, scope, resource) === true) &&
        (hasWords === undefined || hasWords(record)),
    );
    if (matching.length === 0) return undefined;
    return matching.length === records.length ? group : { resource, scope, records: matching };
  };
}
