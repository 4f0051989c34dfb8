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

/** The state of the journal before a new segment. */
export type SegmentStart = Pick<Head, 'id' | 'firstIndex' | 'recordsBefore' | 'bytesBefore' | 'timeMillis'>;

/** Why nothing can be written at the moment: the disk is full, or no file descriptor is left. */
export type NoRoom = 'disk' | 'descriptors';

/** The state with which a writer continues. */
export interface WriterState {
  /** The active segment and its file; undefined: a new segment is created first. */
  readonly segment: Segment | undefined;
  readonly file: OpenFile | undefined;
  readonly handle: OpenDirectory;
  readonly manifest: Manifest;
  readonly formerIds: readonly string[];
}

/**
 * Writes groups to the active segment and creates new segments. One call at a time. When it returns {@link
 * NoRoom}, nothing was left on disk. Anything thrown is a fault: no further calls are allowed.
 */
export class Writer {
  readonly #settings: Settings;
  #segment: Segment | undefined;
  #file: OpenFile | undefined;
  readonly #handle: OpenDirectory;
  readonly #manifest: Manifest;
  readonly #formerIds: readonly string[];
  /** The number of syncs. */
  syncs = 0;

  constructor(settings: Settings, { segment, file, handle, manifest, formerIds }: WriterState) {
    this.#settings = settings;
    this.#segment = file === undefined ? undefined : segment;
    this.#file = file;
    this.#handle = handle;
    this.#manifest = manifest;
    this.#formerIds = formerIds;
  }

  /** The active segment; undefined before the first. */
  get segment(): Segment | undefined {
    return this.#segment;
  }

  /** Writes one group: one writev, one fdatasync. @param crcs the checksums of the bodies, where known */
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

  /** Starts a new segment. All groups of the previous one are on disk. */
  async roll(start: SegmentStart, table: Buffer): Promise<Segment | NoRoom> {
    const { directory, files, clock } = this.#settings;
    const head: Head = {
      ...start,
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
    await this.#writeManifest(head);
    this.#segment?.closeAt(head);
    this.#segment = new Segment(directory, head, framesBegin(head.producers));
    return this.#segment;
  }

  /**
   * Writes a last group that verifies everything before it, and closes the file. On a full disk the segment
   * stays unsealed.
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
      await this.#writeManifest(segment.head, { next, records: segment.records });
    } catch (error) {
      if (!isNoSpace(error)) throw error;
    } finally {
      await file.close();
    }
  }

  /** Closes the file without a seal. */
  async abandon(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** @param end after a clean shutdown */
  #writeManifest(
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
