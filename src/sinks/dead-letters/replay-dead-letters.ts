import { rename, rm } from 'node:fs/promises';
import { syncDirectory } from '../../disk/index.ts';
import { letterFiles, readLetters } from './letter-files.ts';
import type { DeadLetter } from './letter-format.ts';

/**
 * The dead letters of a sink, oldest first, one file in memory at a time. What is added meanwhile may be missing.
 * @param directory the sink's own folder
 */
export async function* listDeadLetters(directory: string): AsyncGenerator<DeadLetter> {
  for (const { path } of await letterFiles(directory)) yield* (await readLetters(path)).letters;
}

/** How much was handed back. */
export interface Replayed {
  readonly letters: number;
  readonly records: number;
  /** Bytes that are no letter any more. Their files are kept under another name, `*.dlq.damaged`. */
  readonly damagedBytes: number;
}

/**
 * Hands back the dead letters that are there now, oldest first. A file of them is removed only after all its letters
 * were taken, so that none is lost when this is killed half-way; the letters of the file under way then come again
 * (at least once). A file in which something is damaged is not removed, but renamed.
 *
 * Nobody may write to the files meanwhile: of a running sink use `SinkRunner.replayDeadLetters`.
 *
 * @param take takes some letters; they are safe when it resolves
 * @param maxBytes about how much is handed over at a time
 * @throws what `take` throws; the files that were not finished stay
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

/** No two of one index, so that a sink which names indexes is understood. */
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
