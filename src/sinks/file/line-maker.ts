import type { JournalEntry } from '../../component/index.ts';
import { JsonLines, logGroups } from '../../otlp/index.ts';
import type { LineFormat } from './line-source.ts';
import { textLines } from './text-line.ts';

/** Makes the lines of one entry after the other. */
export class LineMaker {
  readonly #format: LineFormat;
  readonly #json = new JsonLines();

  constructor(format: LineFormat) {
    this.#format = format;
  }

  /**
   * The lines of an entry, in pieces that take about a millisecond each.
   * @throws WireError where the entry is not what the journal should hold, see `isWireError`. The pieces before are
   * whole lines
   */
  *pieces({ body }: Pick<JournalEntry, 'body'>): Generator<string> {
    const groups = logGroups(body);
    if (this.#format === 'otlpJson') yield* this.#json.lines(groups);
    else for (const group of groups) yield textLines(group);
  }
}
