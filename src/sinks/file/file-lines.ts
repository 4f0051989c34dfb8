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

/** The size at which a chunk is passed on. */
const PIECE_BYTES = 1_048_576;
/** The lines of an entry are held back up to this size until the entry was read completely. */
const MAX_HELD_BYTES = 8 * PIECE_BYTES;
/** Text lines are for people; OTLP/JSON contains longer bodies completely. */
const MAX_BODY = 65_536;
/** The name is part of every line: a long one would make the file many times larger than the input. */
const MAX_NAME = 128;

/** Entries that cannot be decoded. */
export interface BadEntries {
  /** The `index` of each entry. */
  readonly indexes: number[];
  /** The error of the last one. */
  message: string;
}

/**
 * Encodes entries as the lines of a file, and yields to the event loop in between. One call at a time.
 *
 * It holds 1 MiB of lines, or up to 8 MiB for a single entry.
 */
export class FileLines {
  readonly #format: FileSinkOptions['format'];
  readonly #json = new JsonLines();
  readonly #out = new TextBuffer();

  constructor(format: FileSinkOptions['format']) {
    this.#format = format;
  }

  /**
   * The lines of the entries, in order, in chunks of complete lines. A chunk is valid until the next one is
   * requested. An entry that cannot be decoded is added to `bad` and produces no lines; if it produced more
   * than 8 MiB before the error, those lines are kept.
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

  /** The lines of one entry, in parts that take about a millisecond each. @throws WireError */
  *#pieces(body: Uint8Array): Generator<string> {
    const groups = logGroups(body);
    if (this.#format === 'otlpJson') yield* this.#json.lines(groups);
    else for (const group of groups) yield textLines(group);
  }
}

/**
 * Formats records as lines of text, one per record, each with a line break: time (UTC), severity, service,
 * logger, body, attributes, and at the end trace and span. Control characters are escaped, so a line is a
 * record.
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
