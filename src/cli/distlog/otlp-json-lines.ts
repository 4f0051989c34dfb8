import { decodeJsonLogs, groupsOf } from '../../otlp/index.ts';
import { type TreeRecord, treeRecords } from '../../tree/index.ts';
import { JsonDocuments } from './json-documents.ts';

/** What the reading of one source came to, so far. */
export interface ReadReport {
  bytes: number;
  records: number;
  /** Lines that hold other signals: traces or metrics. They are no mistake. */
  otherSignals: number;
  /** Lines that could not be read. */
  badLines: number;
  /** The first of these: their numbers, from 1, and what was wrong. */
  readonly firstBad: { readonly line: number; readonly cause: string }[];
}

const MAX_FIRST_BAD = 5;
/** A line of the Collector's file exporter holds one request, and receivers bound these to 64 MiB at most. */
const MAX_LINE_BYTES = 128 * 2 ** 20;
const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = 0xfeff;

export function newReport(): ReadReport {
  return { bytes: 0, records: 0, otherSignals: 0, badLines: 0, firstBad: [] };
}

/**
 * Reads OTLP/JSON (`{"resourceLogs":[…]}`, one on each line or as {@link JsonDocuments} finds them) out of chunks of
 * bytes, wherever these are cut. A document that cannot be read is counted in `report`, with its line, and the next
 * one follows; of a line longer than `maxLineBytes` nothing is kept. Empty lines, a byte order mark and carriage
 * returns do not matter.
 * @returns the records of each chunk
 */
export async function* readOtlpJsonLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  report: ReadReport,
  maxLineBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<readonly TreeRecord[]> {
  const lines = new Lines(maxLineBytes);
  const documents = new JsonDocuments(maxLineBytes);
  let line = 0;
  const taken = (found: readonly TreeRecord[] | string, at: number): readonly TreeRecord[] => {
    if (typeof found !== 'string') return found;
    if (found === OTHER_SIGNAL) report.otherSignals += 1;
    else {
      report.badLines += 1;
      if (report.firstBad.length < MAX_FIRST_BAD) report.firstBad.push({ line: at, cause: found });
    }
    return [];
  };
  const read = (text: string | undefined): readonly TreeRecord[] => {
    line += 1;
    if (text === undefined) return taken('longer than can be read', line);
    const mark = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
    return [...documents.of(text.slice(mark), line)].flatMap((each) =>
      taken(recordsOf(each.text), each.line),
    );
  };
  for await (const chunk of chunks) {
    report.bytes += chunk.length;
    const records = lines.of(chunk).flatMap(read);
    report.records += records.length;
    if (records.length > 0) yield records;
  }
  const last = lines.rest().flatMap(read);
  const records = [
    ...last,
    ...[...documents.rest()].flatMap((each) => taken(recordsOf(each.text), each.line)),
  ];
  report.records += records.length;
  if (records.length > 0) yield records;
}

const OTHER_SIGNAL = 'other signal';

/** The records of a document, or what is wrong with it. */
function recordsOf(text: string): readonly TreeRecord[] | string {
  try {
    const records = decoded(text);
    return records.length > 0 ? records : withoutRecords(JSON.parse(text) as object, text);
  } catch (error) {
    return (error as Error).message;
  }
}

function decoded(text: string): readonly TreeRecord[] {
  return [...groupsOf(decodeJsonLogs(text))].flatMap((group) => [...treeRecords(group)]);
}

/** What a document without records is; some tools write ResourceLogs without the request around it. */
function withoutRecords(value: object, text: string): readonly TreeRecord[] | string {
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

/** Cuts bytes into lines; undefined stands for a line that was too long. */
class Lines {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  of(chunk: Uint8Array): (string | undefined)[] {
    const found: (string | undefined)[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      this.#add(chunk.subarray(from, end));
      found.push(this.#take());
      from = end + 1;
    }
    this.#add(chunk.subarray(from));
    return found;
  }

  /** What follows the last line feed. */
  rest(): (string | undefined)[] {
    return this.#bytes === 0 ? [] : [this.#take()];
  }

  #add(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #take(): string | undefined {
    const [only = new Uint8Array(), ...others] = this.#parts;
    const whole = others.length === 0 ? only : Buffer.concat(this.#parts);
    const isTooLong = this.#bytes > this.#maxBytes;
    this.#parts = [];
    this.#bytes = 0;
    if (isTooLong) return undefined;
    return Buffer.from(whole.buffer, whole.byteOffset, whole.length).toString('utf8');
  }
}
