import type { ReadableLogRecordLike } from '../record/index.ts';
import { buildTrees, type TreeRecord, type Trees, treeRecord } from '../tree/index.ts';

/**
 * The trees of records of this process that are in the order in which they were logged. Trees order records by time, and
 * the SDK's clock has milliseconds: within one, each record counts a nanosecond more than the one before it.
 */
export function treesOf(records: readonly ReadableLogRecordLike[]): Trees {
  let before: TreeRecord | undefined;
  let ties = 0;
  const ordered = records.map((record) => {
    const found = treeRecord(record);
    const isTied = before !== undefined && found.seconds === before.seconds && found.nanos === before.nanos;
    ties = isTied ? ties + 1 : 0;
    before = found;
    // The one service of these records says nothing.
    return { ...found, service: '', nanos: found.nanos + ties };
  });
  return buildTrees(ordered);
}
