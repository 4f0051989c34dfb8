import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../../disk/index.ts';
import { damagedFiles, letterFile, letterFiles, readLetters } from './letter-files.ts';
import { type DeadLetter, encodeLetter } from './letter-format.ts';

const MAX_FILE_BYTES = 8_388_608;

/** How much was dropped to make room for the newest letters. */
export interface DroppedLetters {
  readonly letters: number;
  readonly records: number;
}

/**
 * Stores entries that a sink rejected, in files of at most 8 MiB (or an eighth of the limit). The total size
 * is bounded: when it is exceeded, the oldest file is removed. Files have mode 0600, the folder 0700. Nothing
 * is created before the first letter.
 */
export class DeadLetterBox {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #maxFileBytes: number;
  #current:
    | { readonly file: FileHandle; readonly number: number; bytes: number; isTorn: boolean }
    | undefined;

  /** @param maxBytes 0: stores nothing */
  constructor(directory: string, maxBytes: number) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
    this.#maxFileBytes = Math.min(MAX_FILE_BYTES, Math.ceil(maxBytes / 8));
  }

  /**
   * Stores letters; they are on disk when this resolves. Must not be called again before that.
   * @throws if they cannot be written; then none of them counts as stored
   */
  async append(letters: readonly DeadLetter[]): Promise<DroppedLetters> {
    const dropped = { letters: 0, records: 0 };
    const drop = ({ records }: DeadLetter) => {
      dropped.letters += 1;
      dropped.records += records;
    };
    for (let at = 0; at < letters.length; ) {
      const { bytes, next } = this.#chunk(letters, at, drop);
      at = next;
      if (bytes.length === 0) continue;
      await this.#write(bytes);
    }
    await this.#dropOldest(drop);
    return dropped;
  }

  /** Closes the current file, so that all existing files can be replayed. */
  async roll(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.file.close();
  }

  close(): Promise<void> {
    return this.roll();
  }

  /** Encodes as many letters as fit in one file. Letters that exceed the total limit are dropped. */
  #chunk(letters: readonly DeadLetter[], from: number, drop: (letter: DeadLetter) => void) {
    const parts: Buffer[] = [];
    let size = 0;
    let next = from;
    for (; next < letters.length && (size === 0 || size < this.#maxFileBytes); next += 1) {
      const letter = letters[next]!;
      if (letter.body.length + 1_024 > this.#maxBytes) {
        drop(letter);
        continue;
      }
      const part = encodeLetter(letter);
      parts.push(part);
      size += part.length;
    }
    return { bytes: Buffer.concat(parts), next };
  }

  async #write(bytes: Buffer): Promise<void> {
    const now = this.#current;
    if (now !== undefined && now.bytes > 0 && now.bytes + bytes.length > this.#maxFileBytes)
      await this.roll();
    this.#current ??= await this.#begin();
    const current = this.#current;
    if (current.isTorn) await current.file.truncate(current.bytes);
    current.isTorn = true;
    let at = 0;
    while (at < bytes.length) {
      at += (await current.file.write(bytes, at, bytes.length - at, current.bytes + at)).bytesWritten;
    }
    await current.file.datasync();
    current.isTorn = false;
    current.bytes += bytes.length;
  }

  async #begin() {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const last = (await letterFiles(this.#directory)).at(-1)?.number ?? 0;
    const number = Math.max(last, (await damagedFiles(this.#directory)).at(-1)?.number ?? 0) + 1;
    const file = await open(join(this.#directory, letterFile(number)), 'wx', 0o600);
    await syncDirectory(this.#directory);
    return { file, number, bytes: 0, isTorn: false };
  }

  async #dropOldest(drop: (letter: DeadLetter) => void): Promise<void> {
    if (this.#current === undefined) return;
    const files = await Promise.all(
      [...(await damagedFiles(this.#directory)), ...(await letterFiles(this.#directory))].map(
        async (each) => ({
          ...each,
          bytes: await sizeOf(each.path),
        }),
      ),
    );
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { path, number, bytes } of files) {
      if (total <= this.#maxBytes || number === this.#current.number) return;
      if (path.endsWith('.dlq')) for (const letter of (await readLetters(path)).letters) drop(letter);
      await rm(path, { force: true });
      total -= bytes;
    }
  }
}

/** 0 if the file was removed: that is no reason to fail, which would store the new letters twice. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return 0;
  }
}
