import { counted } from '../text/index.ts';
import { followFiles } from './follow-files.ts';
import { type Input, inputsOf } from './input-files.ts';
import { OtlpJsonReader, type ReadReport } from './otlp-json-reader.ts';
import { filterOf } from './record-filter.ts';
import {
  type Found,
  isNotice,
  type RecordCount,
  type RecordQuery,
  type RecordSource,
  type TailQuery,
} from './record-source.ts';
import { Selection } from './selection.ts';

export interface FileSourceOptions {
  /** Files, directories, and `-` for standard input; at least one is required. */
  readonly files: readonly string[];
  /** Called periodically while files are read, with the totals so far. */
  readonly onProgress?: ((records: number, bytes: number) => void) | undefined;
  /**
   * Whether standard input, which can be read only once, is kept in memory for further queries. Default:
   * false.
   */
  readonly holdsInput?: boolean | undefined;
  /** How often files are polled for a live view. */
  readonly followMillis?: number | undefined;
}

/**
 * Reads OTLP/JSON from files and standard input. Each query reads them from the beginning. Errors are
 * reported in notices, and the rest is read.
 */
export class FileSource implements RecordSource {
  readonly name: string;
  readonly isIndexed = false;
  readonly #options: FileSourceOptions;
  #held: readonly Found[] | undefined;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.name = options.files.map((file) => (file === '-' ? 'standard input' : file)).join(', ');
  }

  async *find(query: RecordQuery, signal: AbortSignal): AsyncGenerator<Found> {
    const { limit, order } = query;
    const matching = filterOf(query);
    const selection = order === undefined ? undefined : new Selection(limit, order);
    for await (const found of this.#all(signal)) {
      const group = isNotice(found) ? undefined : matching(found);
      if (isNotice(found)) yield found;
      else if (group === undefined) continue;
      else if (selection === undefined) yield group;
      else selection.add(group);
    }
    if (selection === undefined || signal.aborted) return;
    yield* selection.groups();
    if (selection.hasMore) yield { notice: 'more' };
  }

  async count(query: Omit<RecordQuery, 'limit' | 'order'>, signal: AbortSignal): Promise<RecordCount> {
    const matching = filterOf(query);
    let records = 0;
    for await (const found of this.#all(signal)) {
      if (!isNotice(found)) records += matching(found)?.records.length ?? 0;
    }
    return { records, atLeast: signal.aborted };
  }

  /** Follows files across rotation; standard input is read to its end. */
  async *tail(query: TailQuery, signal: AbortSignal): AsyncGenerator<Found> {
    const { files, followMillis = 100 } = this.#options;
    const matching = filterOf(query);
    const isFromBeginning = query.fromNanos !== undefined;
    const all = files.includes('-')
      ? this.#all(signal)
      : followFiles(files, { isFromBeginning, everyMillis: followMillis }, signal);
    for await (const found of all) {
      const shown = isNotice(found) ? found : matching(found);
      if (shown !== undefined) yield shown;
    }
  }

  async *#all(signal: AbortSignal): AsyncGenerator<Found> {
    const { files, holdsInput = false } = this.#options;
    if (!holdsInput || !files.includes('-')) return yield* this.#read(signal);
    if (this.#held === undefined) {
      const held: Found[] = [];
      for await (const found of this.#read(signal)) held.push(found);
      this.#held = held.filter((found) => !isNotice(found));
      yield* held;
    } else yield* this.#held;
  }

  async *#read(signal: AbortSignal): AsyncGenerator<Found> {
    let records = 0;
    let bytes = 0;
    for (const input of await inputsOf(this.#options.files)) {
      const reader = new OtlpJsonReader();
      let problem: string | undefined;
      try {
        for await (const chunk of input.chunks()) {
          if (signal.aborted) return;
          yield* reader.of(chunk);
          this.#options.onProgress?.(records + reader.report.records, bytes + reader.report.bytes);
        }
      } catch (error) {
        problem = (error as Error).message;
      }
      yield* reader.rest();
      records += reader.report.records;
      bytes += reader.report.bytes;
      yield* problemsOf(input, reader.report, problem);
    }
  }
}

function* problemsOf({ name }: Input, report: ReadReport, problem: string | undefined): Generator<Found> {
  if (problem !== undefined) {
    yield { notice: 'problem', message: `${name}: ${problem}; the records before the error are shown` };
  }
  if (report.badLines === 0) return;
  const first = report.firstBad.map(({ line, cause }) => `line ${line} (${cause})`).join(', ');
  const more = report.badLines > report.firstBad.length ? ', ...' : '';
  const lines = counted(report.badLines, 'line');
  yield { notice: 'problem', message: `${name}: ${lines} could not be read: ${first}${more}` };
}
