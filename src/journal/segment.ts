import { join } from 'node:path';
import type { JournalEntry } from '../component/index.ts';
import { segmentName } from './files.ts';
import { FRAME_BYTES } from './frame.ts';
import { type Mark, Marks } from './marks.ts';
import { framesBegin, type Head } from './segment-header.ts';

/** One file of the journal and its statistics while the journal is open. */
export class Segment {
  readonly name: string;
  readonly path: string;
  readonly head: Head;
  /** The offset of the first frame. */
  readonly begin: number;
  /** Everything before this offset is on disk. */
  end: number;
  /** The index after its last entry. */
  next: number;
  /** Records and bytes of bodies written up to its end, since the journal was created. */
  records: number;
  bytes: number;
  /** Damaged ranges that were found: length by offset. */
  readonly damage = new Map<number, number>();
  readonly #marks: Marks;
  /** The entry up to which the marks and the counts are known. */
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

  /** Another segment follows, so this one does not grow any more. */
  closeAt(head: Head): void {
    this.next = head.firstIndex;
    this.records = head.recordsBefore;
    this.bytes = head.bytesBefore;
  }

  /** The mark after the last entry that was counted. */
  get counted(): Mark {
    return this.#counted;
  }

  /**
   * Counts an entry that was written or read. Must be called in their order; known entries are ignored.
   * @param bodyBytes the size of the body, for an entry whose body is damaged
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

  /** Takes the counts so far as the totals of the segment. For the active segment. */
  settle(): void {
    this.next = Math.max(this.next, this.#counted.index);
    this.records = this.#counted.records;
    this.bytes = this.#counted.bytes;
  }

  /** Where to start reading for this entry: at the entry, or before it. */
  offsetFor(index: number): number {
    if (index >= this.#counted.index) return this.#counted.offset;
    return this.#marks.around(index).before.offset;
  }

  /** The last mark at or before this entry whose receive time is known. */
  markOf(index: number): Mark {
    return index >= this.#counted.index ? this.#counted : this.#marks.around(index).before;
  }

  /** What was written before this entry; between two marks it is interpolated. */
  before(index: number): Mark {
    const { before, following } =
      index >= this.#counted.index
        ? { before: this.#counted, following: undefined }
        : this.#marks.around(index);
    const { index: next, records, bytes } = following ?? this.#endOf(before);
    if (index <= before.index || next <= before.index) return before;
    const part = Math.min(1, (index - before.index) / (next - before.index));
    return {
      ...before,
      index,
      records: Math.round(before.records + (records - before.records) * part),
      bytes: Math.round(before.bytes + (bytes - before.bytes) * part),
    };
  }

  /** The end of the range that begins at the last mark. */
  #endOf(before: Mark): Mark {
    if (this.#counted.index > before.index) return this.#counted;
    return { ...before, index: this.next, records: this.records, bytes: this.bytes };
  }
}
