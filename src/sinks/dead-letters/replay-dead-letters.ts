import { rename, rm } from 'node:fs/promises';
import { syncDirectory } from '../../disk/index.ts';
import { letterFiles, readLetters } from './letter-files.ts';
import type { DeadLetter } from './letter-format.ts';

/**
 * Reads the dead letters of a sink, oldest first, with one file in memory at a time. Letters that are added
 * in the meantime may be missing.
 * @param directory the sink's own folder
 */
export async function* listDeadLetters(directory: string): AsyncGenerator<DeadLetter> {
  for (const { path } of await letterFiles(directory)) yield* (await readLetters(path)).letters;
}

/** How much was replayed. */
export interface Replayed {
  readonly letters: number;
  readonly records: number;
  /** Invalid bytes. The files that contain them are kept under the name `*.dlq.damaged`. */
  readonly damagedBytes: number;
}

/**
 * Replays the current dead letters, oldest first. A file is removed only after all its letters were taken, so
 * that none is lost if the process is killed; the letters of the current file are then replayed again (at
 * least once). A file that contains damage is renamed instead of removed.
 *
 * No other writer may use the files at the same time: for a running sink, use `SinkRunner.replayDeadLetters`.
 *
 * @param take takes letters; they are safe when it resolves
 * @param maxBytes approximately how much is passed to `take` at once
 * @throws what `take` throws; files that were not finished are kept
 */
export async function replayDeadLetters(
  directory: string,
  take: (letters: readonly DeadLetter[]) => Promise<void>,
  maxBytes = 4_194_304,
): Promise<Replayed> {
  const replayed = { letters: 0, records: 0, damagedBytes: 0 };
  for (const { path } of await letterFiles(directory)) {
    const { letters, damagedBytes } = await readLetters(path);
    for (let from = 0; from < letters.length; ) {
      const batch = batchOf(letters, from, maxBytes);
      await take(batch);
      from += batch.length;
      replayed.letters += batch.length;
      for (const { records } of batch) replayed.records += records;
    }
    replayed.damagedBytes += damagedBytes;
    if (damagedBytes > 0) await rename(path, `${path}.damaged`);
    else await rm(path, { force: true });
    await syncDirectory(directory);
  }
  return replayed;
}

/** A batch never contains an index twice, so that the indexes that a sink rejects are unambiguous. */
function batchOf(letters: readonly DeadLetter[], from: number, maxBytes: number): readonly DeadLetter[] {
  const indexes = new Set<number>();
  let bytes = 0;
  let to = from;
  for (; to < letters.length && (to === from || bytes < maxBytes); to += 1) {
    const { index, body } = letters[to]!;
    if (indexes.has(index)) break;
    indexes.add(index);
    bytes += body.length;
  }
  return letters.slice(from, to);
}
