import { join } from 'node:path';
import type { JournalEntry } from '../component/index.ts';
import { segmentName } from './files.ts';
import { FRAME_BYTES } from './frame.ts';
import { type Mark, Marks } from './marks.ts';
import { framesBegin, type Head } from './segment-header.ts';

/** One file of the journal: what is known of it while the journal is open. */
export class Segment {
  readonly name: string;
  readonly path: string;
  readonly head: Head;
  /** Where its first frame stands. */
  readonly begin: number;
  /** Up to here it is on the disk. */
  end: number;
  /** The index behind its last entry. */
  next: number;
  /** Records and bytes of bodies written up to its end, in the whole life of the journal. */
  records: number;
  bytes: number;
  /** Damaged ranges that were met, by where they begin: the length. */
  readonly damage = new Map<number, number>();
  readonly #marks: Marks;
  /** Up to which entry the marks and the counts hold. */
  #counted: Mark;

  constructor(directory: string, head: Head, end: number) {
    this.name = segmentName(head.firstIndex);
    this.path = join(directory, this.name);
    this.head = head;
    this.begin = framesBegin(head.producers);
    this.end = Math.max(end, this.begin);
    this.next = head.firstIndex;
    this.records = head.recordsBefore;
    this.bytes = head.bytesBefore;
    this.#counted = {
      index: head.firstIndex,
      offset: this.begin,
      records: head.recordsBefore,
      bytes: head.bytesBefore,
      receivedMillis: head.createdMillis,
    };
    this.#marks = new Marks(this.#counted);
  }

  /** It will grow no more: another one follows. */
  closeAt(head: Head): void {
    this.next = head.firstIndex;
    this.records = head.recordsBefore;
    this.bytes = head.bytesBefore;
  }

  /** Behind the last entry that was counted. */
  get counted(): Mark {
    return this.#counted;
  }

  /**
   * An entry was written or read. In their order; those known already are passed over.
   * @param bodyBytes of an entry whose body is damaged
   */
  count(offset: number, entry: JournalEntry, bodyBytes = entry.body.length): void {
    if (entry.index < this.#counted.index) return;
    const { records, bytes } = this.#counted;
    this.#marks.add({ index: entry.index, offset, records, bytes, receivedMillis: entry.receivedMillis });
    this.#counted = {
      index: entry.index + 1,
      offset: offset + FRAME_BYTES + bodyBytes,
      records: records + entry.records,
      bytes: bytes + bodyBytes,
      receivedMillis: entry.receivedMillis,
    };
  }

  /** The counts of what was counted so far, as those of the end; for the segment that is written to. */
  settle(): void {
    this.next = Math.max(this.next, this.#counted.index);
    this.records = this.#counted.records;
    this.bytes = this.#counted.bytes;
  }

  /** Where to begin to read for this entry: at it, or somewhat before. */
  offsetFor(index: number): number {
    if (index >= this.#counted.index) return this.#counted.offset;
    return this.#marks.around(index).before.offset;
  }

  /** The last place at or before this entry of which it is known when the entry there came. */
  markOf(index: number): Mark {
    return index >= this.#counted.index ? this.#counted : this.#marks.around(index).before;
  }

  /** What was written before this entry; between two marks as much as lies in proportion. */
  before(index: number): Mark {
    const { before, behind } =
      index >= this.#counted.index ? { before: this.#counted, behind: undefined } : this.#marks.around(index);
    const { index: next, records, bytes } = behind ?? this.#endOf(before);
    if (index <= before.index || next <= before.index) return before;
    const part = Math.min(1, (index - before.index) / (next - before.index));
    return {
      ...before,
      index,
      records: Math.round(before.records + (records - before.records) * part),
      bytes: Math.round(before.bytes + (bytes - before.bytes) * part),
    };
  }

  /** Where the stretch ends that begins at the last mark. */
  #endOf(before: Mark): Mark {
    if (this.#counted.index > before.index) return this.#counted;
    return { ...before, index: this.next, records: this.records, bytes: this.bytes };
  }
}
