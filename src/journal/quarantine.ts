import { join } from 'node:path';
import type { DamageStats } from '../component/index.ts';
import { errorText, Severity } from '../record/index.ts';
import { damagedName, segmentName, writeAll } from './files.ts';
import type { ManifestContent } from './manifest.ts';
import type { Settings } from './options.ts';
import type { Segment } from './segment.ts';

const PIECE_BYTES = 1_048_576;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Copies the bytes of damaged ranges to files beside the segment, for inspection, and counts them. The copies
 * are bounded by the size of one segment; beyond that, ranges are counted and logged but not copied.
 */
export class Quarantine {
  readonly #settings: Settings;
  readonly counts: Mutable<DamageStats> = {
    damagedRanges: 0,
    damagedBytes: 0,
    cutBytes: 0,
    uncopiedBytes: 0,
    missingBatches: 0,
    missingRecords: 0,
  };
  /** The files that existed when the journal was opened. */
  readonly #known: ReadonlySet<string>;
  #room: number;

  /** @param usedBytes the size of the known files */
  constructor(settings: Settings, known: readonly string[], usedBytes: number) {
    this.#settings = settings;
    this.#known = new Set(known);
    this.#room = settings.segmentBytes - usedBytes;
  }

  /** Counts a range once, even if several readers find it. Never throws. */
  async range(segment: Segment, offset: number, length: number): Promise<void> {
    if (segment.damage.has(offset)) return;
    segment.damage.set(offset, length);
    this.counts.damagedRanges += 1;
    this.counts.damagedBytes += length;
    const name = damagedName(segment.name, offset);
    const copied =
      this.#known.has(name) || (length <= this.#room && (await this.#copied(segment, offset, length, name)));
    if (!copied) this.counts.uncopiedBytes += length;
    const follows = copied ? `they were copied to ${name}` : 'they were not copied';
    this.report(
      `${length} bytes at ${offset} of ${segment.name} are damaged; ${follows}, reading continues after them`,
    );
  }

  /**
   * Counts the content of missing segments, as far as it is known. @param next the index after the last
   * existing entry
   */
  missing(noted: ManifestContent, next: number, records: number): void {
    const batches = Math.max(0, (noted.next ?? noted.firstIndex) - next);
    const lost = Math.max(0, (noted.records ?? noted.recordsBefore) - records);
    this.counts.missingBatches += batches;
    this.counts.missingRecords += lost;
    const missing = noted.next === undefined ? 'the batches in it and ' : '';
    const earlier = noted.next === undefined ? 'earlier batches' : 'batches';
    this.#settings.log.emit(
      Severity.ERROR,
      `journal: the newest segment, ${segmentName(noted.firstIndex)}, is missing: ${missing}${batches} ${earlier} with ${lost} records are lost`,
    );
  }

  /** Counts bytes that were truncated. */
  cut(name: string, offset: number, length: number): void {
    this.counts.cutBytes += length;
    this.report(
      `the last ${length} bytes of ${name}, from ${offset}, are an incomplete write; they were truncated`,
    );
  }

  report(message: string): void {
    this.#settings.log.emit(Severity.WARN, `journal: ${message}`);
  }

  async #copied(segment: Segment, offset: number, length: number, name: string): Promise<boolean> {
    const { files, directory } = this.#settings;
    const path = join(directory, name);
    try {
      const source = await files.openToRead(segment.path);
      try {
        const target = await files.create(path);
        try {
          for (let done = 0; done < length; done += PIECE_BYTES) {
            const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, length - done));
            const read = await source.read(piece, piece.length, offset + done);
            await writeAll(target, [piece.subarray(0, read)], done);
          }
        } finally {
          await target.close();
        }
      } finally {
        await source.close();
      }
      this.#room -= length;
      return true;
    } catch (error) {
      await files.unlink(path).catch(() => {});
      this.report(`a damaged range of ${segment.name} cannot be copied (${errorText(error)})`);
      return false;
    }
  }
}
