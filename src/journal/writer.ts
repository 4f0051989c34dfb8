import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { JournalEntry } from '../component/index.ts';
import {
  isNoDescriptor,
  isNoSpace,
  type OpenDirectory,
  type OpenFile,
  segmentName,
  unfinishedName,
  writeAll,
} from './files.ts';
import { encodeFrame, encodeSeal, FRAME_BYTES, MARK_BYTES } from './frame.ts';
import type { Manifest } from './manifest.ts';
import type { Settings } from './options.ts';
import { Segment } from './segment.ts';
import { encodeHead, framesBegin, type Head, PRODUCER_BYTES } from './segment-header.ts';

/** What stood before a new segment. */
export type Before = Pick<Head, 'id' | 'firstIndex' | 'recordsBefore' | 'bytesBefore' | 'timeMillis'>;

/** Why nothing could be written for now: the disk is full, or no file descriptor is left. */
export type NoRoom = 'disk' | 'descriptors';

/** What a writer goes on with. */
export interface WriterState {
  /** The segment that is written to, and its file; undefined: a new one is made first. */
  readonly segment: Segment | undefined;
  readonly file: OpenFile | undefined;
  readonly handle: OpenDirectory;
  readonly manifest: Manifest;
  readonly formerIds: readonly string[];
}

/**
 * Writes groups to the last segment, and makes new ones. One call at a time.
 * After {@link NoRoom} nothing is left behind. Anything thrown is a fault: no further call.
 */
export class Writer {
  readonly #settings: Settings;
  #segment: Segment | undefined;
  #file: OpenFile | undefined;
  readonly #handle: OpenDirectory;
  readonly #manifest: Manifest;
  readonly #formerIds: readonly string[];
  /** How often the disk was asked to keep what it has. */
  syncs = 0;

  constructor(settings: Settings, { segment, file, handle, manifest, formerIds }: WriterState) {
    this.#settings = settings;
    this.#segment = file === undefined ? undefined : segment;
    this.#file = file;
    this.#handle = handle;
    this.#manifest = manifest;
    this.#formerIds = formerIds;
  }

  /** The segment that is written to, or undefined before the first. */
  get segment(): Segment | undefined {
    return this.#segment;
  }

  /** One group: one writev, one fdatasync. @param crcs of the bodies, where they are known */
  async group(
    entries: readonly JournalEntry[],
    crcs: readonly (number | undefined)[],
  ): Promise<'written' | NoRoom> {
    const segment = this.#segment!;
    const file = this.#file!;
    const group = segment.end;
    const heads = Buffer.allocUnsafe(entries.length * FRAME_BYTES);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for (const [at, entry] of entries.entries()) {
      encodeFrame(heads, at * FRAME_BYTES, segment.head.mark, group, entry, crcs[at]);
      parts.push(heads.subarray(at * FRAME_BYTES, (at + 1) * FRAME_BYTES), entry.body);
      bytes += FRAME_BYTES + entry.body.length;
    }
    try {
      await writeAll(file, parts, group);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      await file.truncate(group);
      await this.#sync(file);
      return 'disk';
    }
    await this.#sync(file);
    let offset = group;
    for (const entry of entries) {
      segment.count(offset, entry);
      offset += FRAME_BYTES + entry.body.length;
    }
    segment.end = group + bytes;
    segment.settle();
    return 'written';
  }

  /** Whether a file can be opened now. */
  async hasDescriptor(): Promise<boolean> {
    try {
      const file = await this.#settings.files.openToRead(this.#segment!.path);
      await file.close();
      return true;
    } catch (error) {
      return !isNoDescriptor(error);
    }
  }

  /** Begins a new segment. All groups of the one before are on the disk. */
  async roll(stood: Before, table: Buffer): Promise<Segment | NoRoom> {
    const { directory, files, clock } = this.#settings;
    const head: Head = {
      ...stood,
      mark: randomBytes(MARK_BYTES),
      createdMillis: clock.now(),
      producers: table.length / PRODUCER_BYTES,
      tableCrc: crc32(table),
    };
    const name = segmentName(head.firstIndex);
    const path = join(directory, name);
    const unfinished = join(directory, unfinishedName(name));
    let file: OpenFile | undefined;
    try {
      file = await files.create(unfinished);
      await writeAll(file, [encodeHead(head), table], 0);
      await this.#sync(file);
      await files.rename(unfinished, path);
    } catch (error) {
      await file?.close();
      if (file === undefined && isNoDescriptor(error)) return 'descriptors';
      if (!isNoSpace(error)) throw error;
      if (file !== undefined) await files.unlink(unfinished);
      return 'disk';
    }
    const before = this.#file;
    this.#file = file;
    await before?.close();
    if (this.#settings.sync === 'always') await this.#handle.sync();
    await this.#noteNewest(head);
    this.#segment?.closeAt(head);
    this.#segment = new Segment(directory, head, framesBegin(head.producers));
    return this.#segment;
  }

  /**
   * Verifies all that was written by a last group, and closes the file. A disk without room leaves it
   * unsealed.
   */
  async seal(next: number): Promise<void> {
    const segment = this.#segment;
    const file = this.#file;
    this.#file = undefined;
    if (segment === undefined || file === undefined) return;
    try {
      if (segment.end === segment.begin) return;
      await writeAll(
        file,
        [encodeSeal(segment.head.mark, segment.end, next, this.#settings.clock.now())],
        segment.end,
      );
      await this.#sync(file);
      await this.#noteNewest(segment.head, { next, records: segment.records });
    } catch (error) {
      if (!isNoSpace(error)) throw error;
    } finally {
      await file.close();
    }
  }

  /** Closes the file as it is. */
  async abandon(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** @param end at a clean end */
  #noteNewest(
    { id, firstIndex, recordsBefore }: Pick<Head, 'id' | 'firstIndex' | 'recordsBefore'>,
    end: { readonly next?: number; readonly records?: number } = {},
  ): Promise<void> {
    const formerIds = this.#formerIds;
    return this.#manifest.write({ id: id.toString('hex'), formerIds, firstIndex, recordsBefore, ...end });
  }

  async #sync(file: OpenFile): Promise<void> {
    if (this.#settings.sync === 'never') return;
    await file.datasync();
    this.syncs += 1;
  }
}
