import type { DecodedLogRecord, LogGroup } from '../otlp/index.ts';
import type { RecordQuery } from './record-source.ts';
import { wordTest } from './words.ts';

/** When a record was written, else when it was observed; nanoseconds since 1970. */
export function timeOf({ timeUnixNano, observedTimeUnixNano }: DecodedLogRecord): bigint {
  return timeUnixNano === 0n ? observedTimeUnixNano : timeUnixNano;
}

/**
 * What of a group fits a query, for sources that have no index.
 * @returns undefined: nothing
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
    const fitting = records.filter(
      (record) =>
        (traceId === '' || record.traceId.startsWith(traceId)) &&
        (fromNanos === undefined || timeOf(record) >= fromNanos) &&
        (toNanos === undefined || timeOf(record) < toNanos) &&
        (when === undefined || when.test(record, scope, resource) === true) &&
        (hasWords === undefined || hasWords(record)),
    );
    if (fitting.length === 0) return undefined;
    return fitting.length === records.length ? group : { resource, scope, records: fitting };
  };
}
