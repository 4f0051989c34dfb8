import { diag } from '@opentelemetry/api';
import {
  type RecoveryReport,
  type ResolvedBlackBoxOptions,
  recoverBoxes,
  type SendOutcome,
} from '../box/index.ts';
import type { DeliveryCounts } from '../holding/index.ts';
import { armImmediate, errorText, type ReadableLogRecordLike, recordSize } from '../record/index.ts';

/** Exports recovered records. */
export interface RecoveryTarget {
  /** Sends a recovered record. It is not written to the box of this process. */
  sendRecovered(record: ReadableLogRecordLike, size: number): void;
  flush(): Promise<void>;
  counts(): DeliveryCounts;
}

/** How many records are sent before their delivery is awaited. */
const SLICE = 256;

/**
 * Exports the records in black boxes of dead processes of this service, in the background after the start.
 * @param component the prefix of log messages
 * @param onSend called for each record
 * @param hasEnded whether the processor was shut down; the remaining boxes are then kept for the next start
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
        diag.warn(`${component}: cannot read the black boxes in ${options.directory}: ${errorText(error)}`),
    );
  });
}

function failures(target: RecoveryTarget): number {
  return Object.values(target.counts().failed).reduce((sum, count) => sum + count, 0);
}

function logReport(component: string, { recovered, records, removed, refused, kept }: RecoveryReport): void {
  const log = (text: string) => diag.warn(`${component}: ${text}`);
  if (recovered > 0) {
    diag.info(`${component}: ${records} records were recovered from ${recovered} black boxes`);
  }
  if (removed > 0)
    log(
      `${removed} black boxes were removed without being read: their number, total size or age is too high`,
    );
  for (const [file, reason] of refused) log(`${file} in the black box directory was skipped: ${reason}`);
  for (const [path, reason] of kept) log(`a black box was kept as ${path}: ${reason}`);
}
