import type { JournalEntry } from '../../component/index.ts';
import type { DecodedLogs } from '../../otlp/index.ts';
import { entryLogs } from '../../otlp/index.ts';
import { JsonLines } from './json-lines.ts';
import type { LineFormat } from './line-source.ts';
import { textLines } from './text-line.ts';

/** Makes the lines of one entry after the other. */
export class LineMaker {
  readonly #lines: (logs: DecodedLogs) => string;

  constructor(format: LineFormat) {
    const json = new JsonLines();
    this.#lines = format === 'text' ? textLines : (logs) => json.line(logs);
  }

  /**
   * The lines of an entry, in pieces that take about a millisecond each.
   * @throws WireError or RangeError where the entry is not what the journal should hold, see `isWireError`
   */
  *pieces(entry: Pick<JournalEntry, 'body' | 'records'>): Generator<string> {
    for (const logs of entryLogs(entry)) yield this.#lines(logs);
  }
}
