import type { JournalEntry, JournalReader } from '../component/index.ts';
import { wholeNumber } from '../settings/index.ts';
import { isMissing } from './files.ts';
import type { ReadFiles } from './read-files.ts';
import type { Recent } from './recent.ts';
import { Scanner } from './scanner.ts';
import type { Segment } from './segment.ts';
import type { SetAside } from './set-aside.ts';

/** What a reader needs of the journal. */
export interface ReadSource {
  readonly first: number;
  /** The index behind the last entry on the disk. */
  readonly next: number;
  readonly recent: Recent;
  readonly readFiles: ReadFiles;
  readonly setAside: SetAside;
  /** The segment with this entry, and the one behind it. */
  segmentsAt(index: number): { readonly segment: Segment; readonly behind: Segment | undefined };
  /** Resolves when a group has reached the disk. @throws (rejects) when aborted, and when the journal closes */
  grown(signal: AbortSignal): Promise<void>;
}

const MIN_PIECE_BYTES = 262_144;
const MAX_PIECE_BYTES = 8_388_608;

/** Reads entries in order: the newest from memory, older ones from the disk by big pieces. */
export class Reader implements JournalReader {
  readonly #source: ReadSource;
  #position: number;
  /** Read already, not yet handed out. */
  #ahead: readonly JournalEntry[] = [];
  #place: { readonly segment: Segment; readonly scanner: Scanner; next: number } | undefined;
  #busy = false;

  /** @param position beyond the end it becomes the end: such entries were never here, or were cut off */
  constructor(source: ReadSource, position: number) {
    this.#source = source;
    this.#position = Math.min(wholeNumber('position', position, 0), source.next);
  }

  get position(): number {
    return this.#position;
  }

  async next(maxBytes: number, signal: AbortSignal): Promise<readonly JournalEntry[]> {
    if (this.#busy) throw new Error('a reader takes one call at a time');
    this.#busy = true;
    try {
      for (;;) {
        signal.throwIfAborted();
        const found = this.#handOut(maxBytes);
        if (found.length > 0) return found;
        if (this.#position >= this.#source.next) await this.#source.grown(signal);
        else await this.#readAhead(maxBytes);
      }
    } finally {
      this.#busy = false;
    }
  }

  #handOut(maxBytes: number): readonly JournalEntry[] {
    const source = this.#source;
    let found: readonly JournalEntry[];
    if (this.#ahead.length > 0) {
      const count = fitting(this.#ahead, maxBytes);
      found = this.#ahead.slice(0, count);
      this.#ahead = this.#ahead.slice(count);
    } else {
      this.#position = Math.max(this.#position, source.first);
      found = source.recent.from(this.#position, maxBytes);
    }
    if (found.length > 0) this.#position = found.at(-1)!.index + 1;
    return found;
  }

  async #readAhead(maxBytes: number): Promise<void> {
    const source = this.#source;
    const { segment, behind } = source.segmentsAt(this.#position);
    const place = this.#placeIn(segment);
    if (place.scanner.offset >= segment.end) {
      this.#position = Math.max(this.#position, behind?.head.firstIndex ?? source.next);
      return;
    }
    const pieceBytes = Math.min(Math.max(maxBytes, MIN_PIECE_BYTES), MAX_PIECE_BYTES);
    try {
      const { end } = segment;
      const scanned = await source.readFiles.with(segment.path, (file) =>
        place.scanner.read(file, end, pieceBytes),
      );
      const ahead: JournalEntry[] = [];
      for (const each of scanned) {
        if (each.kind === 'damage') await source.setAside.range(segment, each.offset, each.length);
        if (each.kind !== 'entry') continue;
        segment.count(each.offset, each.entry);
        if (each.entry.index >= this.#position) ahead.push(each.entry);
      }
      this.#ahead = ahead;
      place.next = Math.max(this.#position, (ahead.at(-1)?.index ?? 0) + 1);
    } catch (error) {
      this.#place = undefined;
      if (isMissing(error) && this.#position < source.first) return;
      throw error;
    }
  }

  #placeIn(segment: Segment): { readonly scanner: Scanner; next: number } {
    if (this.#place?.segment === segment && this.#place.next === this.#position) return this.#place;
    const scanner = new Scanner(segment.head.mark, segment.offsetFor(this.#position));
    this.#place = { segment, scanner, next: this.#position };
    return this.#place;
  }
}

function fitting(entries: readonly JournalEntry[], maxBytes: number): number {
  let bytes = 0;
  for (const [count, { body }] of entries.entries()) {
    bytes += body.length;
    if (count > 0 && bytes > maxBytes) return count;
  }
  return entries.length;
}
