import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  type Files,
  isMissing,
  isNoDescriptor,
  isNoSpace,
  MANIFEST,
  type OpenDirectory,
  unfinishedName,
  writeAll,
} from './files.ts';

/** What the newest segment should be, and what came before. */
export interface ManifestContent {
  /**
   * The journal's id, and those that it had before with the same indexes, newest first; 32 hex digits each.
   */
  readonly id: string;
  readonly formerIds: readonly string[];
  /** The head of the newest segment. */
  readonly firstIndex: number;
  readonly recordsBefore: number;
  /** At a clean end: the index of the next entry, and the records written before it. */
  readonly next?: number | undefined;
  readonly records?: number | undefined;
}

const MAX_FORMER_IDS = 16;

/**
 * A small file beside the segments, written when a segment is begun and at a clean end. It shows that the
 * newest segment is gone, which the others cannot know; and which ids the journal had before.
 *
 * Two lines: JSON, and its crc-32 in hexadecimal digits. Journals of earlier versions have none; it is not
 * needed.
 */
export class Manifest {
  readonly #files: Files;
  readonly #directory: string;
  readonly #handle: OpenDirectory;
  readonly #sync: boolean;

  constructor(files: Files, directory: string, handle: OpenDirectory, sync: boolean) {
    this.#files = files;
    this.#directory = directory;
    this.#handle = handle;
    this.#sync = sync;
  }

  /** @returns undefined if there is none that checks out */
  async read(): Promise<ManifestContent | undefined> {
    try {
      const file = await this.#files.openToRead(join(this.#directory, MANIFEST));
      try {
        const bytes = Buffer.alloc(Math.min(await file.size(), 16_384));
        await file.read(bytes, bytes.length, 0);
        const [text = '', sum = ''] = bytes.toString('utf8').split('\n');
        return crc32(text).toString(16) === sum ? (JSON.parse(text) as ManifestContent) : undefined;
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
      return undefined;
    }
  }

  /** Whole or not at all. Without room it is left as it was. @throws for any other error */
  async write(content: ManifestContent): Promise<void> {
    const text = JSON.stringify({ ...content, formerIds: content.formerIds.slice(0, MAX_FORMER_IDS) });
    const unfinished = join(this.#directory, unfinishedName(MANIFEST));
    try {
      const file = await this.#files.create(unfinished);
      try {
        await writeAll(file, [Buffer.from(`${text}\n${crc32(text).toString(16)}\n`)], 0);
        if (this.#sync) await file.datasync();
      } finally {
        await file.close();
      }
      await this.#files.rename(unfinished, join(this.#directory, MANIFEST));
    } catch (error) {
      if (!isNoSpace(error) && !isNoDescriptor(error)) throw error;
      await this.#files.unlink(unfinished).catch(() => {});
      return;
    }
    if (this.#sync) await this.#handle.sync();
  }
}
