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
 * Keeps the bytes of damaged ranges in files beside the segment, for a person to look at, and counts them.
 * Together at most as big as one segment: beyond that, ranges are counted and logged but not copied.
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
  /** The files that there were when the journal was opened. */
  readonly #known: ReadonlySet<string>;
  #room: number;

  /** @param usedBytes what the known files hold */
  constructor(settings: Settings, known: readonly string[], usedBytes: number) {
    this.#settings = settings;
    this.#known = new Set(known);
    this.#room = settings.segmentBytes - usedBytes;
  }

  /** Counts a range once, however many readers find it. Never throws. */
  async range(segment: Segment, offset: number, length: number): Promise<void> {
    if (segment.damage.has(offset)) return;
    segment.damage.set(offset, length);
    this.counts.damagedRanges += 1;
    this.counts.damagedBytes += length;
    const name = damagedName(segment.name, offset);
    const copied =
      this.#known.has(name) || (length <= this.#room && (await this.#copied(segment, offset, length, name)));
    if (!copied) this.counts.uncopiedBytes += length;
    const follows = copied ? `they are kept in ${name}` : 'they were not copied';
    this.report(
      `${length} bytes at ${offset} of ${segment.name} are damaged; ${follows}, reading continues after them`,
    );
  }

  /**
   * Counts what was in segments that are gone, as far as it is known. @param next the index behind what is
   * there
   */
  missing(noted: ManifestContent, next: number, records: number): void {
    const batches = Math.max(0, (noted.next ?? noted.firstIndex) - next);
    const lost = Math.max(0, (noted.records ?? noted.recordsBefore) - records);
    this.counts.missingBatches += batches;
    this.counts.missingRecords += lost;
    const atLeast = noted.next === undefined ? 'and what was written to it, at least ' : '';
    this.#settings.log.emit(
      Severity.ERROR,
      `journal: its newest segment, ${segmentName(noted.firstIndex)}, is missing: ${atLeast}${batches} batches with ${lost} records are lost`,
    );
  }

  /** Counts what was cut off. */
  cut(name: string, offset: number, length: number): void {
    this.counts.cutBytes += length;
    this.report(
      `the last ${length} bytes of ${name}, from ${offset}, were not written to the end; they were cut off`,
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
