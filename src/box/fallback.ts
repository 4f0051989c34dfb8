import { closeSync, openSync, writeSync } from 'node:fs';
import { JsonLines, LogsEncoder, logGroups } from '../otlp/index.ts';
import { errorText, type ReadableLogRecordLike, recordSize } from '../record/index.ts';

/** The destination of records that can no longer be exported: standard error, or a file. */
export type Fallback = 'stderr' | { readonly file: string };

/** The maximum estimated size of what is written; the newest records are kept. */
const MAX_BYTES = { stderr: 1024 * 1024, file: 16 * 1024 * 1024 };
/** How long a write waits for a slow reader of standard error, and the interval between attempts. */
const MAX_WAIT_MILLIS = 1_000;
const RETRY_MILLIS = 5;
const SLICE = 512;
const STDERR = 2;

/**
 * Writes records as lines of OTLP/JSON, synchronously, because no asynchronous work runs after
 * `process.exit()`. A file is appended to, or created with mode 0600.
 *
 * - **Full**: beyond 16 MiB, or 1 MiB for standard error, the oldest records are dropped.
 * - **Fails**: never throws; the error is written to standard error if possible.
 */
export function writeFallback(fallback: Fallback, records: readonly ReadableLogRecordLike[]): void {
  if (records.length === 0) return;
  const isFile = fallback !== 'stderr';
  const kept = newest(records, isFile ? MAX_BYTES.file : MAX_BYTES.stderr);
  const left = records.length - kept.length;
  try {
    const descriptor = isFile ? openSync(fallback.file, 'a', 0o600) : STDERR;
    const encoder = new LogsEncoder();
    const lines = new JsonLines();
    for (let at = 0; at < kept.length; at += SLICE) {
      const groups = logGroups(encoder.encode(kept.slice(at, at + SLICE)));
      for (const text of lines.lines(groups)) writeAll(descriptor, text);
    }
    if (isFile) closeSync(descriptor);
    if (left > 0)
      report(`${left} records were dropped: the fallback is limited to ${isFile ? '16 MiB' : '1 MiB'}`);
  } catch (error) {
    report(`${kept.length} records could not be written to the fallback: ${errorText(error)}`);
  }
}

function newest(
  records: readonly ReadableLogRecordLike[],
  maxBytes: number,
): readonly ReadableLogRecordLike[] {
  let bytes = 0;
  let from = records.length;
  while (from > 0) {
    bytes += recordSize(records[from - 1]!);
    if (bytes > maxBytes) break;
    from -= 1;
  }
  return records.slice(from);
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  let waitedMillis = 0;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      // EAGAIN: the reader of the pipe is slow.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || waitedMillis >= MAX_WAIT_MILLIS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MILLIS);
      waitedMillis += RETRY_MILLIS;
    }
  }
}

function report(text: string): void {
  try {
    writeSync(STDERR, `burstlog: ${text}\n`);
  } catch {
    // Standard error is closed.
  }
}
