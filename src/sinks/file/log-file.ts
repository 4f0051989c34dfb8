import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncDirectory } from '../../disk/index.ts';
import type { Clock } from '../../record/index.ts';
import { type FileIdentity, type FileState, identityOf, isSame, TAIL_BYTES } from './file-state.ts';

const NEW_LINE = 10;

/**
 * A file to which lines are appended. It tracks the offset up to which the file is valid: data that a failed
 * write left beyond it is truncated before the next write.
 */
export class LogFile {
  readonly #file: FileHandle;
  readonly #identity: FileIdentity;
  readonly #since: number;
  readonly #clock: Clock;
  /** The monotonic time when it was opened, and its age at that time. */
  readonly #openedAt: number;
  readonly #ageThen: number;
  #offset: number;
  #tail: Buffer;
  #isDirty = false;
  /** Bytes appended since {@link begin}. */
  #pending = 0;
  #pendingTail: Buffer = Buffer.alloc(0);

  /** @param since when the file was started, by the wall clock; a time in the future counts as now */
  private constructor(
    file: FileHandle,
    { identity, since, clock }: { identity: FileIdentity; since: number; clock: Clock },
    offset: number,
    tail: Buffer,
  ) {
    const now = clock.now();
    this.#file = file;
    this.#identity = identity;
    this.#since = Math.min(since, now);
    this.#clock = clock;
    this.#openedAt = clock.monotonicNow();
    this.#ageThen = now - this.#since;
    this.#offset = offset;
    this.#tail = tail;
  }

  /**
   * Opens the file, or creates it.
   * @param mode the mode of a new file, regardless of the umask
   * @throws if it is not a regular file
   */
  static async open(path: string, mode: number, clock: Clock): Promise<LogFile> {
    const before = await stat(path).catch(ignoreMissing);
    // Opening a pipe would wait for a reader, and a device cannot be truncated.
    if (before !== undefined && !before.isFile()) throw new Error(`${path} is not a regular file`);
    const { O_APPEND, O_CREAT, O_RDWR } = constants;
    const file = await open(path, O_APPEND | O_CREAT | O_RDWR, mode);
    try {
      if (before === undefined) {
        await file.chmod(mode);
        await syncDirectory(dirname(path));
      }
      const stats = await file.stat({ bigint: true });
      const offset = Number(stats.size);
      const since = offset > 0 && stats.birthtimeMs > 0n ? Number(stats.birthtimeMs) : clock.now();
      const about = { identity: identityOf(stats), since, clock };
      return new LogFile(file, about, offset, await readTail(file, offset));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Opens the file of a state, and truncates what lies beyond the valid offset.
   * @returns undefined if the path leads to a different file, which is not changed
   */
  static async reopen(path: string, state: FileState, clock: Clock): Promise<LogFile | undefined> {
    const isIt = (stats: BigIntStats) =>
      stats.isFile() && isSame(identityOf(stats), state) && Number(stats.size) >= state.offset;
    const there = await stat(path, { bigint: true }).catch(ignoreMissing);
    if (there === undefined || !isIt(there)) return undefined;
    const file = await open(path, constants.O_APPEND | constants.O_RDWR).catch(ignoreMissing);
    if (file === undefined) return undefined;
    try {
      // Checked again on the open file, because another program may have moved it in between.
      const found = await file.stat({ bigint: true });
      const tail = await readTail(file, state.offset);
      if (!isIt(found) || crc32(tail) !== state.tail) {
        await file.close();
        return undefined;
      }
      if (Number(found.size) > state.offset) {
        await file.truncate(state.offset);
        await file.datasync();
      }
      const about = { identity: identityOf(found), since: state.since, clock };
      return new LogFile(file, about, state.offset, tail);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get state(): FileState {
    const { inode, born } = this.#identity;
    return { inode, born, offset: this.#offset, tail: crc32(this.#tail), since: this.#since };
  }

  get offset(): number {
    return this.#offset;
  }

  /** The age at opening, by the wall clock, plus the time since then, by the monotonic clock. */
  get ageMillis(): number {
    return this.#ageThen + (this.#clock.monotonicNow() - this.#openedAt);
  }

  /** Whether a failed write left data that was not truncated yet. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Whether the file ends with an incomplete line. */
  get endsInMidLine(): boolean {
    return this.#tail.length > 0 && this.#tail.at(-1) !== NEW_LINE;
  }

  /** Whether the path still leads to this file. */
  async isAt(path: string): Promise<boolean> {
    const found = await stat(path, { bigint: true }).catch(ignoreMissing);
    return found !== undefined && isSame(identityOf(found), this.#identity);
  }

  /**
   * Adjusts the valid offset to the file: truncates what a failed write left, and accepts changes by other
   * programs.
   * @returns how another program changed the file, if one did
   */
  async settle(): Promise<'shortened' | 'lengthened' | undefined> {
    const { size } = await this.#file.stat();
    if (size === this.#offset) {
      this.#isDirty = false;
      return undefined;
    }
    if (size > this.#offset && this.#isDirty) {
      await this.#file.truncate(this.#offset);
      this.#isDirty = false;
      return undefined;
    }
    const wasShortened = size < this.#offset;
    this.#offset = size;
    this.#tail = await readTail(this.#file, size);
    this.#isDirty = false;
    return wasShortened ? 'shortened' : 'lengthened';
  }

  /** Appends bytes. They become valid with {@link commit}. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#isDirty = true;
    for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at)).bytesWritten;
    this.#pending += bytes.length;
    const last = bytes.subarray(-TAIL_BYTES);
    this.#pendingTail = Buffer.concat([this.#pendingTail, last]).subarray(-TAIL_BYTES);
  }

  /** Starts a new write: appended bytes that were not committed no longer count. */
  begin(): void {
    this.#pending = 0;
    this.#pendingTail = this.#tail;
  }

  /** Makes the appended bytes valid. */
  async commit(sync: boolean): Promise<void> {
    if (sync && this.#pending > 0) await this.#file.datasync();
    const { size } = await this.#file.stat();
    if (size === this.#offset + this.#pending) {
      this.#offset = size;
      this.#tail = Buffer.from(this.#pendingTail);
    } else {
      // Another program truncated the file or wrote to it in the meantime.
      this.#offset = size;
      this.#tail = await readTail(this.#file, size);
    }
    this.#isDirty = false;
  }

  async close(): Promise<void> {
    if (this.#isDirty) await this.#file.truncate(this.#offset).catch(() => {});
    await this.#file.close();
  }
}

async function readTail(file: FileHandle, offset: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.min(TAIL_BYTES, offset));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, offset - bytes.length);
  return bytes.subarray(0, bytesRead);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
