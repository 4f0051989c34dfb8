import { diag } from '@opentelemetry/api';
import {
  type RecoveryReport,
  type ResolvedBlackBoxOptions,
  recoverBoxes,
  type SendOutcome,
} from '../box/index.ts';
import type { DeliveryCounts } from '../holding/index.ts';
import { armImmediate, errorText, type ReadableLogRecordLike, recordSize } from '../record/index.ts';

/** Where recovered records go. */
export interface RecoveryTarget {
  /** Sends a record that is no business of this process's own box. */
  sendRecovered(record: ReadableLogRecordLike, size: number): void;
  flush(): Promise<void>;
  counts(): DeliveryCounts;
}

/** So many records are sent before the next wait for their delivery. */
const SLICE = 256;

/**
 * Exports what processes of this service that have died left in their boxes, in the turns after the start.
 * @param component whose name warnings bear
 * @param onSend called for each record
 * @param hasEnded whether the processor was shut down: then the rest is for the next start
 */
export function recoverInBackground(
  component: string,
  options: ResolvedBlackBoxOptions,
  target: RecoveryTarget,
  onSend: () => void,
  hasEnded: () => boolean,
): void {
  const send = async (records: readonly ReadableLogRecordLike[]): Promise<SendOutcome> => {
    const before = failures(target);
    for (let at = 0; at < records.length; at += SLICE) {
      for (const record of records.slice(at, at + SLICE)) {
        onSend();
        target.sendRecovered(record, recordSize(record));
      }
      await target.flush();
      if (hasEnded()) return 'later';
      if (failures(target) > before) return 'failed';
    }
    return 'exported';
  };
  const isOurs = ({ service }: { readonly service: string }) => service === options.service;
  armImmediate(() => {
    recoverBoxes(options.directory, options, isOurs, send).then(
      (report) => logReport(component, report),
      (error: unknown) =>
        diag.warn(`${component}: black boxes in ${options.directory} were not read: ${errorText(error)}`),
    );
  });
}

function failures(target: RecoveryTarget): number {
  return Object.values(target.counts().failed).reduce((sum, count) => sum + count, 0);
}

function logReport(component: string, { recovered, records, removed, refused, kept }: RecoveryReport): void {
  const log = (text: string) => diag.warn(`${component}: ${text}`);
  if (recovered > 0) {
    diag.info(`${component}: ${records} records of ${recovered} black boxes were recovered`);
  }
  if (removed > 0)
    log(`${removed} black boxes were removed unread: too many, too large together, or too old`);
  for (const [file, why] of refused) log(`${file} in the directory of black boxes was left alone: ${why}`);
  for (const [path, why] of kept) log(`a black box was kept as ${path}: ${why}`);
}
