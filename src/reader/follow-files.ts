import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { counted } from '../text/index.ts';
import { OtlpJsonReader } from './otlp-json-reader.ts';
import { ReaderError } from './reader-error.ts';
import type { Found } from './record-source.ts';

export interface FollowOptions {
  /** Whether the current content of the files is read too. */
  readonly isFromBeginning: boolean;
  readonly everyMillis: number;
}

/** A file that is being written. Rotated files (`x.jsonl.1`, `x.jsonl.gz`) contain what was already read. */
const LIVE = /\.(?:json|jsonl|ndjson)$/;
const READ_BYTES = 262_144;

/**
 * Yields the records that are appended to files, and to files in directories, until the signal is aborted. A
 * renamed file is read to its end, and the new file with its name from the beginning; a truncated file is
 * read again from the beginning. A path must exist at the start; a file that is missing later, for example
 * during rotation, is waited for.
 *
 * It polls the files, because file system notifications are not reliable on every file system.
 * @throws (rejects) ReaderError
 */
export async function* followFiles(
  paths: readonly string[],
  { isFromBeginning, everyMillis }: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<Found> {
  const files = new Map<string, FollowedFile>();
  try {
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      // Includes files that are currently missing: they are open, and may still be written to.
      for (const path of new Set([...(await filesOf(paths, isFirst)), ...files.keys()])) {
        const file = files.get(path) ?? new FollowedFile(path, isFirst && !isFromBeginning);
        files.set(path, file);
        yield* file.read(signal);
      }
      await wait(everyMillis, undefined, { signal }).catch(() => {});
    }
  } finally {
    await Promise.all([...files.values()].map((file) => file.close()));
  }
}

async function filesOf(paths: readonly string[], isFirst: boolean): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      try {
        if (!(await stat(path)).isDirectory()) return [path];
        const names = (await readdir(path)).filter((name) => LIVE.test(name)).sort();
        return names.map((name) => join(path, name));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // Between two polls a file may be missing, for example while it is rotated.
        if (!isFirst) return [path];
        throw new ReaderError('not_found', code === 'ENOENT' ? `${path}: no such file` : `${path}: ${code}`);
      }
    }),
  );
  return found.flat();
}

class FollowedFile {
  readonly #path: string;
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  #reader = new OtlpJsonReader();
  #badLines = 0;
  #handle: FileHandle | undefined;
  #inode = 0;
  #position = 0;
  /** Whether the next file that is opened is read from its end. */
  #isAtEnd: boolean;

  constructor(path: string, isAtEnd: boolean) {
    this.#path = path;
    this.#isAtEnd = isAtEnd;
  }

  /** Yields what was written since the last call. */
  async *read(signal: AbortSignal): AsyncGenerator<Found> {
    if (this.#handle === undefined && !(await this.#open())) return;
    yield* this.#toEnd(signal);
    const now = await stat(this.#path).catch(() => undefined);
    if (now === undefined) return;
    if (now.ino !== this.#inode) {
      // Reads what was written between the last read and the rename.
      yield* this.#toEnd(signal);
      yield* this.#reader.rest();
      yield* this.#problems();
      await this.close();
      if (await this.#open()) yield* this.#toEnd(signal);
    } else if (now.size < this.#position) {
      this.#beginAt(0);
      yield* this.#toEnd(signal);
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #open(): Promise<boolean> {
    const handle = await open(this.#path).catch((error: NodeJS.ErrnoException) => {
      // It was moved after it was found, so the next file with its name is new.
      if (error.code === 'ENOENT') this.#isAtEnd = false;
      return undefined;
    });
    if (handle === undefined) return false;
    const { ino, size } = await handle.stat();
    this.#handle = handle;
    this.#inode = ino;
    this.#beginAt(this.#isAtEnd ? size : 0);
    this.#isAtEnd = false;
    return true;
  }

  #beginAt(position: number): void {
    this.#position = position;
    this.#reader = new OtlpJsonReader();
    this.#badLines = 0;
  }

  async *#toEnd(signal: AbortSignal): AsyncGenerator<Found> {
    while (!signal.aborted && this.#handle !== undefined) {
      const { bytesRead } = await this.#handle.read(this.#buffer, 0, READ_BYTES, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      // A copy, because the reader keeps incomplete lines and the buffer is reused.
      yield* this.#reader.of(Uint8Array.prototype.slice.call(this.#buffer, 0, bytesRead));
      yield* this.#problems();
    }
  }

  /** Reports new errors. The cause is known only for the first bad lines of a file. */
  *#problems(): Generator<Found> {
    const { badLines, firstBad } = this.#reader.report;
    const more = badLines - this.#badLines;
    if (more === 0) return;
    const first = firstBad[this.#badLines];
    this.#badLines = badLines;
    const lines = more === 1 ? 'a line' : counted(more, 'line');
    const cause = first === undefined ? '' : ` (${first.cause})`;
    yield { notice: 'problem', message: `${this.#path}: ${lines} could not be read${cause}` };
  }
}
