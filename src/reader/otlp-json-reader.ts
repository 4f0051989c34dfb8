import { decodeJsonLogs, groupsOf, type LogGroup } from '../otlp/index.ts';
import { ByteLines } from './byte-lines.ts';
import { JsonDocuments } from './json-documents.ts';

/** The totals of one source so far. */
export interface ReadReport {
  readonly bytes: number;
  readonly records: number;
  /** Lines with other signals, such as traces or metrics, which are not errors. */
  readonly otherSignals: number;
  /** Lines that could not be read. */
  readonly badLines: number;
  /** The first of these lines: their numbers, from 1, and the errors. */
  readonly firstBad: readonly { readonly line: number; readonly cause: string }[];
}

const MAX_FIRST_BAD = 5;
/**
 * A line of the Collector's file exporter contains one request, and receivers limit requests to at most 64
 * MiB.
 */
const MAX_LINE_BYTES = 128 * 2 ** 20;
const BYTE_ORDER_MARK = 0xfeff;

/**
 * Reads OTLP/JSON (`{"resourceLogs":[…]}`, one on each line or as found by {@link JsonDocuments}) from chunks
 * of bytes, with any chunk boundaries. A document that cannot be read is counted, with its line, and reading
 * continues with the next one; a line longer than `maxLineBytes` is skipped. Empty lines, a byte order mark
 * and carriage returns are ignored.
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

  /** The records after the last line feed, and those of an incomplete document. */
  *rest(): Generator<LogGroup> {
    for (const line of this.#lines.rest()) yield* this.#read(line);
    for (const { text, line } of this.#documents.end(this.#line)) yield* this.#taken(groupsIn(text), line);
  }

  *#read(text: string | undefined): Generator<LogGroup> {
    this.#line += 1;
    if (text === undefined) return yield* this.#taken('longer than the limit', this.#line);
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

/** The records of a document, or an error message. */
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

/** Classifies a document without records; some tools write ResourceLogs without the enclosing request. */
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

/** Describes what the text probably is instead of OTLP/JSON. */
function hint(value: object): string {
  if ('level' in value && 'msg' in value) return 'a line of pino or another logger, not OTLP/JSON';
  if ('level' in value && 'message' in value) return 'a line of winston or another logger, not OTLP/JSON';
  if ('levelno' in value) return "a record of Python's logging, not OTLP/JSON";
  return 'JSON without resourceLogs';
}
