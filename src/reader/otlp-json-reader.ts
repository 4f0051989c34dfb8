import { decodeJsonLogs, groupsOf, type LogGroup } from '../otlp/index.ts';
import { ByteLines } from './byte-lines.ts';
import { JsonDocuments } from './json-documents.ts';

/** What the reading of one source came to, so far. */
export interface ReadReport {
  readonly bytes: number;
  readonly records: number;
  /** Lines that hold other signals: traces or metrics. They are no mistake. */
  readonly otherSignals: number;
  /** Lines that could not be read. */
  readonly badLines: number;
  /** The first of these: their numbers, from 1, and what was wrong. */
  readonly firstBad: readonly { readonly line: number; readonly cause: string }[];
}

const MAX_FIRST_BAD = 5;
/** A line of the Collector's file exporter holds one request, and receivers bound these to 64 MiB at most. */
const MAX_LINE_BYTES = 128 * 2 ** 20;
const BYTE_ORDER_MARK = 0xfeff;

/**
 * Reads OTLP/JSON (`{"resourceLogs":[…]}`, one on each line or as {@link JsonDocuments} finds them) out of chunks of
 * bytes, wherever these are cut. A document that cannot be read is counted, with its line, and the next one follows; of a
 * line longer than `maxLineBytes` nothing is kept. Empty lines, a byte order mark and carriage returns do not matter.
 */
export class OtlpJsonReader {
  readonly #lines: ByteLines;
  readonly #documents: JsonDocuments;
  readonly #firstBad: { readonly line: number; readonly cause: string }[] = [];
  #line = 0;
  #bytes = 0;
  #records = 0;
  #otherSignals = 0;
  #badLines = 0;

  constructor(maxLineBytes: number = MAX_LINE_BYTES) {
    this.#lines = new ByteLines(maxLineBytes);
    this.#documents = new JsonDocuments(maxLineBytes);
  }

  get report(): ReadReport {
    return {
      bytes: this.#bytes,
      records: this.#records,
      otherSignals: this.#otherSignals,
      badLines: this.#badLines,
      firstBad: this.#firstBad,
    };
  }

  /** The records of the documents that end in this chunk. */
  *of(chunk: Uint8Array): Generator<LogGroup> {
    this.#bytes += chunk.length;
    for (const line of this.#lines.of(chunk)) yield* this.#read(line);
  }

  /** Those of what follows the last line feed, and of a document that was not complete. */
  *rest(): Generator<LogGroup> {
    for (const line of this.#lines.rest()) yield* this.#read(line);
    for (const { text, line } of this.#documents.end(this.#line)) yield* this.#taken(groupsIn(text), line);
  }

  *#read(text: string | undefined): Generator<LogGroup> {
    this.#line += 1;
    if (text === undefined) return yield* this.#taken('longer than can be read', this.#line);
    const mark = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
    for (const each of this.#documents.of(text.slice(mark), this.#line)) {
      yield* this.#taken(groupsIn(each.text), each.line);
    }
  }

  *#taken(found: readonly LogGroup[] | string, line: number): Generator<LogGroup> {
    if (typeof found !== 'string') {
      for (const group of found) {
        this.#records += group.records.length;
        yield group;
      }
    } else if (found === OTHER_SIGNAL) this.#otherSignals += 1;
    else {
      this.#badLines += 1;
      if (this.#firstBad.length < MAX_FIRST_BAD) this.#firstBad.push({ line, cause: found });
    }
  }
}

const OTHER_SIGNAL = 'other signal';

/** The records of a document, or what is wrong with it. */
function groupsIn(text: string): readonly LogGroup[] | string {
  try {
    const groups = decoded(text);
    return groups.length > 0 ? groups : withoutRecords(JSON.parse(text) as object, text);
  } catch (error) {
    return (error as Error).message;
  }
}

function decoded(text: string): readonly LogGroup[] {
  return [...groupsOf(decodeJsonLogs(text))];
}

/** What a document without records is; some tools write ResourceLogs without the request around it. */
function withoutRecords(value: object, text: string): readonly LogGroup[] | string {
  if ('resourceLogs' in value || 'resource_logs' in value) return [];
  if ('scopeLogs' in value || 'scope_logs' in value) return decoded(`{"resourceLogs":[${text}]}`);
  if (OTHER_SIGNALS.some((name) => name in value)) return OTHER_SIGNAL;
  return hint(value);
}

const OTHER_SIGNALS: readonly string[] = [
  ...['resourceSpans', 'resource_spans', 'resourceMetrics', 'resource_metrics'],
  ...['resourceProfiles', 'resource_profiles'],
];

/** What it probably is instead of OTLP/JSON, so that a user knows what to do. */
function hint(value: object): string {
  if ('level' in value && 'msg' in value) return 'a line of pino or another logger, not OTLP/JSON';
  if ('level' in value && 'message' in value) return 'a line of winston or another logger, not OTLP/JSON';
  if ('levelno' in value) return "a record of Python's logging, not OTLP/JSON";
  return 'JSON without resourceLogs';
}
