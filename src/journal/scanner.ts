import type { JournalEntry } from '../component/index.ts';
import type { OpenFile } from './files.ts';
import { bodyMatches, decodeFrame, FRAME_BYTES, type Frame, MARK_BYTES } from './frame.ts';

/** The content of a segment, in order and without gaps. */
export type Scanned =
  | {
      readonly kind: 'entry';
      readonly offset: number;
      readonly length: number;
      readonly group: number;
      readonly entry: JournalEntry;
    }
  | {
      readonly kind: 'seal';
      readonly offset: number;
      readonly length: number;
      readonly group: number;
      readonly next: number;
    }
  | {
      readonly kind: 'damage';
      readonly offset: number;
      readonly length: number;
      /** Known if only the body is damaged. Its `body` is empty. */
      readonly entry: JournalEntry | undefined;
    };

const SEARCH_BYTES = 1_048_576;

/** Reads the frames of a segment in large chunks, and continues after damage. */
export class Scanner {
  readonly #mark: Buffer;
  #offset: number;
  #lastIndex = 0;
  #lastGroup = 0;

  /** @param offset the beginning of a frame */
  constructor(mark: Buffer, offset: number) {
    this.#mark = mark;
    this.#offset = offset;
  }

  /** Where the next frame is expected. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Reads the next frames, at least one unless `end` is reached. Bodies are views of the chunk that was read.
   * @param file the same file in every call; it may have been reopened
   * @param end nothing after this offset is read
   * @param pieceBytes approximately how much to read at once
   */
  async read(file: OpenFile, end: number, pieceBytes: number): Promise<readonly Scanned[]> {
    if (this.#offset >= end) return [];
    const start = this.#offset;
    const piece = await load(file, start, Math.min(Math.max(pieceBytes, FRAME_BYTES), end - start));
    const found: Scanned[] = [];
    for (;;) {
      const at = this.#offset - start;
      const frame = this.#plausible(decodeFrame(piece, at, this.#mark), this.#offset, end);
      if (frame === undefined) {
        const incomplete = piece.length - at < FRAME_BYTES && start + piece.length < end;
        if (!incomplete || at === 0) found.push(await this.#damage(file, end));
        return found;
      }
      const length = FRAME_BYTES + frame.bodyBytes;
      if (at + length > piece.length) {
        if (at > 0) return found;
        // One entry larger than the chunk: read it alone.
        const whole = await load(file, start, length);
        this.#take(frame, whole.subarray(FRAME_BYTES), found);
        return found;
      }
      this.#take(frame, piece.subarray(at + FRAME_BYTES, at + length), found);
      if (this.#offset >= Math.min(end, start + piece.length)) return found;
    }
  }

  #take(frame: Frame, body: Buffer, found: Scanned[]): void {
    const offset = this.#offset;
    const length = FRAME_BYTES + frame.bodyBytes;
    const { index } = frame.entry;
    this.#offset += length;
    this.#lastGroup = frame.group;
    this.#lastIndex = frame.seal ? index - 1 : index;
    if (!bodyMatches(frame, body))
      found.push({ kind: 'damage', offset, length, entry: frame.seal ? undefined : frame.entry });
    else if (frame.seal) found.push({ kind: 'seal', offset, length, group: frame.group, next: index });
    else found.push({ kind: 'entry', offset, length, group: frame.group, entry: { ...frame.entry, body } });
  }

  /**
   * Returns the frame if it is possible here: indexes and groups only increase, and it ends within the file.
   */
  #plausible(frame: Frame | undefined, offset: number, end: number): Frame | undefined {
    if (frame === undefined) return undefined;
    const inOrder = frame.entry.index > this.#lastIndex;
    const grouped = frame.group >= this.#lastGroup && frame.group <= offset;
    return inOrder && grouped && offset + FRAME_BYTES + frame.bodyBytes <= end ? frame : undefined;
  }

  /** Finds the end of the damage: the next valid frame, header and body, or the end. */
  async #damage(file: OpenFile, end: number): Promise<Scanned> {
    const offset = this.#offset;
    let at = offset + 1;
    while (at + FRAME_BYTES <= end) {
      const piece = await load(file, at, Math.min(SEARCH_BYTES, end - at));
      for (let hit = piece.indexOf(this.#mark); hit >= 0; hit = piece.indexOf(this.#mark, hit + 1)) {
        if (!(await this.#isValidFrame(file, at + hit, end))) continue;
        this.#offset = at + hit;
        return { kind: 'damage', offset, length: this.#offset - offset, entry: undefined };
      }
      if (piece.length <= MARK_BYTES) break;
      at += piece.length - MARK_BYTES + 1;
    }
    this.#offset = end;
    return { kind: 'damage', offset, length: end - offset, entry: undefined };
  }

  async #isValidFrame(file: OpenFile, offset: number, end: number): Promise<boolean> {
    const head = await load(file, offset, Math.min(FRAME_BYTES, end - offset));
    const frame = this.#plausible(decodeFrame(head, 0, this.#mark), offset, end);
    if (frame === undefined) return false;
    return bodyMatches(frame, await load(file, offset + FRAME_BYTES, frame.bodyBytes));
  }
}

async function load(file: OpenFile, offset: number, length: number): Promise<Buffer> {
  const piece = Buffer.allocUnsafeSlow(length);
  const read = await file.read(piece, length, offset);
  return piece.subarray(0, read);
}
