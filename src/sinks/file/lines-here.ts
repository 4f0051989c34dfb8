import type { JournalEntry } from '../../component/index.ts';
import { isWireError } from '../../otlp/index.ts';
import { errorText, Turns } from '../../record/index.ts';
import { LineMaker } from './line-maker.ts';
import type { BadEntries, LineFormat, LineSource } from './line-source.ts';
import { TextBuffer } from './text-buffer.ts';

/** So much is collected for one piece. */
const PIECE_BYTES = 1_048_576;
/** So much of an entry is held back until all of it was read. */
const MAX_HELD_BYTES = 8 * PIECE_BYTES;

/** Makes lines in the thread that asks for them, and lets others have their turn in between. */
export class LinesHere implements LineSource {
  readonly #maker: LineMaker;
  readonly #out = new TextBuffer();

  constructor(format: LineFormat) {
    this.#maker = new LineMaker(format);
  }

  async *lines(
    entries: readonly JournalEntry[],
    bad: BadEntries,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const turns = new Turns();
    const out = this.#out;
    out.clear();
    for (const entry of entries) {
      let before = out.length;
      try {
        for (const text of this.#maker.pieces(entry)) {
          out.add(text);
          if (turns.isOver) await turns.pause(signal);
          if (out.length < MAX_HELD_BYTES) continue;
          // What is bad in such an entry shows too late: its first lines stay.
          yield out.bytes;
          out.clear();
          before = 0;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!isWireError(error)) throw error;
        out.length = before;
        bad.indexes.push(entry.index);
        bad.message = errorText(error);
      }
      if (out.length < PIECE_BYTES) continue;
      yield out.bytes;
      signal.throwIfAborted();
      out.clear();
    }
    if (out.length > 0) yield out.bytes;
  }

  async close(): Promise<void> {}
}
