import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncDirectory } from '../../disk/index.ts';
import type { Clock } from '../../record/index.ts';
import { type FileIdentity, type FileState, identityOf, isSame, TAIL_BYTES } from './file-state.ts';

const NEW_LINE = 10;

/**
 * A file that lines are appended to, which knows up to where it is good: what a failed write left beyond that
 * is cut off before the next.
 */
export class LogFile {
  readonly #file: FileHandle;
  readonly #identity: FileIdentity;
  readonly #since: number;
  readonly #clock: Clock;
  /** When it was opened, by the monotonic clock, and how old it was then. */
  readonly #openedAt: number;
  readonly #ageThen: number;
  #offset: number;
  #tail: Buffer;
  #isDirty = false;
  /** Appended since {@link begin}. */
  #pending = 0;
  #pendingTail: Buffer = Buffer.alloc(0);

  /** @param since when it was begun, by the wall clock; a time to come counts as now */
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
   * Opens the file, or makes it.
   * @param mode of a new file, whatever the umask is
   * @throws if it is no regular file
   */
  static async open(path: string, mode: number, clock: Clock): Promise<LogFile> {
    const before = await stat(path).catch(ignoreMissing);
    // Opening a pipe would wait for a reader, and a device cannot be cut.
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
   * Opens the file of a state, and cuts off what lies beyond it.
   * @returns undefined if this is not that file, which is then not changed
   */
  static async reopen(path: string, state: FileState, clock: Clock): Promise<LogFile | undefined> {
    const isIt = (stats: BigIntStats) =>
      stats.isFile() && isSame(identityOf(stats), state) && Number(stats.size) >= state.offset;
    const there = await stat(path, { bigint: true }).catch(ignoreMissing);
    if (there === undefined || !isIt(there)) return undefined;
    const file = await open(path, constants.O_APPEND | constants.O_RDWR).catch(ignoreMissing);
    if (file === undefined) return undefined;
    try {
      // Once more, of what is open: another program may have moved the file in between.
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

  /**
   * Its age when it was opened, by the wall clock, and the time since then, which no clock that is set
   * changes.
   */
  get ageMillis(): number {
    return this.#ageThen + (this.#clock.monotonicNow() - this.#openedAt);
  }

  /** A write failed, and what it left was not cut off yet. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Something stands at its end that is no whole line. */
  get endsInMidLine(): boolean {
    return this.#tail.length > 0 && this.#tail.at(-1) !== NEW_LINE;
  }

  /** Whether the path still leads here. */
  async isAt(path: string): Promise<boolean> {
    const found = await stat(path, { bigint: true }).catch(ignoreMissing);
    return found !== undefined && isSame(identityOf(found), this.#identity);
  }

  /**
   * Puts the end where the lines end: cuts off what a failed write left, and follows what others did to the
   * file.
   * @returns what others did to it, if they did
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

  /** From here on what is written counts only after {@link commit}. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#isDirty = true;
    for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at)).bytesWritten;
    this.#pending += bytes.length;
    const last = bytes.subarray(-TAIL_BYTES);
    this.#pendingTail = Buffer.concat([this.#pendingTail, last]).subarray(-TAIL_BYTES);
  }

  /** Forgets what was appended: a new write begins. */
  begin(): void {
    this.#pending = 0;
    this.#pendingTail = this.#tail;
  }

  /** What was appended is good now. */
  async commit(sync: boolean): Promise<void> {
    if (sync && this.#pending > 0) await this.#file.datasync();
    const { size } = await this.#file.stat();
    if (size === this.#offset + this.#pending) {
      this.#offset = size;
      this.#tail = Buffer.from(this.#pendingTail);
    } else {
      // Somebody else cut it or wrote to it meanwhile.
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
