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

/** What the newest segment must be, and the ids and records before it. */
export interface ManifestContent {
  /** The journal's id, and its former ids with the same indexes, newest first; 32 hex digits each. */
  readonly id: string;
  readonly formerIds: readonly string[];
  /** From the header of the newest segment. */
  readonly firstIndex: number;
  readonly recordsBefore: number;
  /** After a clean shutdown: the index of the next entry, and the records written before it. */
  readonly next?: number | undefined;
  readonly records?: number | undefined;
}

const MAX_FORMER_IDS = 16;

/**
 * A small file beside the segments, written when a segment is started and on a clean shutdown. It reveals
 * that the newest segment is missing, which the other segments cannot show, and keeps the former ids of the
 * journal.
 *
 * Two lines: JSON, and its crc-32 in hexadecimal. It is optional: journals of earlier versions do not have
 * it.
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

  /** @returns undefined if there is no valid manifest */
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

  /** Replaces the file atomically. If there is no room, the old file is kept. @throws for any other error */
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
