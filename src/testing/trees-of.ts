import type { ReadableLogRecordLike } from '../record/index.ts';
import { buildTrees, type TreeRecord, type Trees, treeRecord } from '../tree/index.ts';

/**
 * Builds trees from records of this process that are in emit order. Trees order records by time, and the
 * SDK's clock has milliseconds: within a millisecond each record is one nanosecond later than the previous
 * one.
 */
export function treesOf(records: readonly ReadableLogRecordLike[]): Trees {
  let before: TreeRecord | undefined;
  let ties = 0;
  const ordered = records.map((record) => {
    const found = treeRecord(record);
    const isTied = before !== undefined && found.seconds === before.seconds && found.nanos === before.nanos;
    ties = isTied ? ties + 1 : 0;
    before = found;
    // All records are from this process, so the service name is not useful.
    return { ...found, service: '', nanos: found.nanos + ties };
  });
  return buildTrees(ordered);
}
