import type { JournalEntry } from '../../component/index.ts';
import { isWireError, JsonLines, type LogGroup, logGroups } from '../../otlp/index.ts';
import { errorText, Turns } from '../../record/index.ts';
import {
  attributesText,
  bodyText,
  boundedText,
  safeText,
  severityText,
  stringOf,
  timeText,
} from '../../text/index.ts';
import type { FileSinkOptions } from './options.ts';
import { TextBuffer } from './text-buffer.ts';

/** So much is collected for one piece. */
const PIECE_BYTES = 1_048_576;
/** So much of an entry is held back until all of it was read. */
const MAX_HELD_BYTES = 8 * PIECE_BYTES;
/** People read lines of text; OTLP/JSON holds what is longer. */
const MAX_BODY = 65_536;
/** In each line of all its records: a long one would make a file of many times what was sent. */
const MAX_NAME = 128;

/** Entries that are not what the journal should hold. */
export interface BadEntries {
  /** Their `index`. */
  readonly indexes: number[];
  /** What is wrong with the last of them. */
  message: string;
}

/**
 * Encodes entries as the lines of a file, and lets other work have its turn in between. One call at a time.
 *
 * It holds 1 MiB of lines, of a single entry up to 8 MiB.
 */
export class FileLines {
  readonly #format: FileSinkOptions['format'];
  readonly #json = new JsonLines();
  readonly #out = new TextBuffer();

  constructor(format: FileSinkOptions['format']) {
    this.#format = format;
  }

  /**
   * The lines of these entries, in their order, in pieces of whole lines. A piece is valid until the next is
   * requested. An entry that cannot be read is noted in `bad` and leaves no line; of one that makes more than
   * 8 MiB, the lines before its error remain.
   * @throws the signal's reason when it is aborted
   */
  async *lines(
    entries: readonly JournalEntry[],
    bad: BadEntries,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const turns = new Turns();
    const out = this.#out;
    out.clear();
    for (const { body, index } of entries) {
      let before = out.length;
      try {
        for (const text of this.#pieces(body)) {
          out.add(text);
          if (turns.isOver) await turns.pause(signal);
          if (out.length < MAX_HELD_BYTES) continue;
          yield out.bytes;
          out.clear();
          before = 0;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!isWireError(error)) throw error;
        out.length = before;
        bad.indexes.push(index);
        bad.message = errorText(error);
      }
      if (out.length < PIECE_BYTES) continue;
      yield out.bytes;
      signal.throwIfAborted();
      out.clear();
    }
    if (out.length > 0) yield out.bytes;
  }

  /** The lines of one entry, in pieces that take about a millisecond each. @throws WireError */
  *#pieces(body: Uint8Array): Generator<string> {
    const groups = logGroups(body);
    if (this.#format === 'otlpJson') yield* this.#json.lines(groups);
    else for (const group of groups) yield textLines(group);
  }
}

/**
 * Records as lines of text, one each, every line with its line break: time (UTC), severity, service, logger,
 * body, attributes, and at the end trace and span. Control characters are escaped, so a line is a record.
 */
export function textLines({ resource, scope, records }: LogGroup): string {
  const service = shortName(stringOf(resource.attributes, 'service.name'));
  const logger = shortName(scope.name);
  let text = '';
  for (const record of records) {
    const body = boundedText(bodyText(record), MAX_BODY);
    const trace = record.traceId === '' ? '' : ` trace_id=${record.traceId} span_id=${record.spanId || '-'}`;
    const line =
      `${timeText(record)} ${severityText(record)} ${service} ${logger} ${body}` +
      `${attributesText(record.attributes)}${trace}`;
    text += `${safeText(line)}\n`;
  }
  return text;
}

function shortName(text: string): string {
  return boundedText(text, MAX_NAME) || '-';
}
