import {
  KeyValueField,
  List,
  LogRecord,
  MAX_DEPTH,
  Request,
  Resource,
  ResourceLogs,
  Scope,
  ScopeLogs,
  SPAN_ID_BYTES,
  TRACE_ID_BYTES,
  Value,
  WireType,
} from './fields.ts';
import { BYTES_PER_RECORD, BYTES_PER_VALUE, DEFAULT_MAX_BYTES, MAX_PART_VALUES } from './limits.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { WireError } from './wire-error.ts';

/** The result of a scan. */
export interface ScannedLogs {
  /** Number of log records. */
  readonly records: number;
}

/** The messages of a request, as rows of {@link grammar}. */
const Message = {
  request: 0,
  resourceLogs: 1,
  resource: 2,
  scopeLogs: 3,
  scope: 4,
  logRecord: 5,
  keyValue: 6,
  value: 7,
  list: 8,
  map: 9,
} as const;

/** The content of a field: unknown, a number, bytes, an id, or (plus the message's row) a message. */
const Kind = {
  unknown: 0,
  varint: 1,
  fixed64: 2,
  fixed32: 3,
  bytes: 4,
  traceId: 5,
  spanId: 6,
  message: 8,
} as const;

const FIELDS = 16;
const kindOfWireType: Readonly<Record<number, number>> = {
  [WireType.VARINT]: Kind.varint,
  [WireType.FIXED64]: Kind.fixed64,
  [WireType.FIXED32]: Kind.fixed32,
  [WireType.BYTES]: Kind.bytes,
};

/** The expected kind by message and field number. */
const grammar = new Uint8Array(10 * FIELDS);
const define = (
  row: number,
  tags: Readonly<Record<string, number>>,
  kinds: Readonly<Record<string, number>> = {},
) => {
  for (const [name, tag] of Object.entries(tags)) {
    grammar[row * FIELDS + (tag >> 3)] = kinds[name] ?? kindOfWireType[tag & 7]!;
  }
};
const message = (row: number) => Kind.message + row;
const keyValue = message(Message.keyValue);
const value = message(Message.value);
define(Message.request, Request, { resourceLogs: message(Message.resourceLogs) });
define(Message.resourceLogs, ResourceLogs, {
  resource: message(Message.resource),
  scopeLogs: message(Message.scopeLogs),
});
define(Message.resource, Resource, { attributes: keyValue });
define(Message.scopeLogs, ScopeLogs, {
  scope: message(Message.scope),
  logRecords: message(Message.logRecord),
});
define(Message.scope, Scope, { attributes: keyValue });
define(Message.logRecord, LogRecord, {
  body: value,
  attributes: keyValue,
  traceId: Kind.traceId,
  spanId: Kind.spanId,
});
define(Message.keyValue, KeyValueField, { value });
define(Message.value, Value, { array: message(Message.list), map: message(Message.map) });
define(Message.list, List, { values: value });
define(Message.map, List, { values: keyValue });

/** The wire type of each kind. */
const wireTypeOf = new Uint8Array(Kind.message + 10).fill(WireType.BYTES);
wireTypeOf[Kind.varint] = WireType.VARINT;
wireTypeOf[Kind.fixed64] = WireType.FIXED64;
wireTypeOf[Kind.fixed32] = WireType.FIXED32;

/**
 * Validates an OTLP `ExportLogsServiceRequest` (protobuf) completely, and counts its records. It creates no
 * object per record, so a server can validate a request that it forwards at about a fifth of the cost of
 * decoding it.
 *
 * Everything it accepts, `decodeLogs` accepts. Unknown fields are skipped, several concatenated requests are
 * one request, texts need not be UTF-8 (readers see U+FFFD), and ids must have their length or be empty. A
 * known field with a wrong wire type is an error, as it is for the Collector; so are groups, which OTLP has
 * never used.
 *
 * Values are limited as well as bytes (`limits.ts`), since an empty value takes much more memory than bytes.
 *
 * @param maxBytes the receiver's maximum request size, from which the maximum number of values follows
 * @throws WireError with the error and its byte position
 */
export function scanLogs(bytes: Uint8Array, maxBytes = DEFAULT_MAX_BYTES): ScannedLogs {
  const scanner = new Scanner(bytes, maxBytes);
  scanner.scanTo(bytes.length);
  return { records: scanner.records };
}

/** Bytes scanned per step, about ten milliseconds. */
const TURN_BYTES = 4 * 2 ** 20;

/**
 * The same in steps, so that a large request does not delay others.
 * @param pause awaited between two steps
 * @param turnBytes bytes scanned per step
 * @returns a promise if the request is larger than one step
 * @throws (or rejects) WireError
 */
export function scanLogsInTurns(
  bytes: Uint8Array,
  maxBytes: number,
  pause: () => Promise<void>,
  turnBytes = TURN_BYTES,
): ScannedLogs | Promise<ScannedLogs> {
  if (bytes.length <= turnBytes) return scanLogs(bytes, maxBytes);
  const scanner = new Scanner(bytes, maxBytes);
  const scan = async () => {
    while (!scanner.scanTo(scanner.at + turnBytes)) await pause();
    return { records: scanner.records };
  };
  return scan();
}

/**
 * One loop with an explicit stack, which can pause between two fields. Recursive functions deoptimised
 * permanently in about a third of runs on Node 20, and took four times as long.
 */
class Scanner {
  readonly #bytes: Uint8Array;
  readonly #in: ProtobufReader;
  readonly #maxRecords: number;
  readonly #maxValues: number;
  /** The enclosing messages, outermost first: their rows and their ends. */
  readonly #rows: number[] = [];
  readonly #ends: number[] = [];
  /** The current message: its depth, its row and its end. */
  #depth = 0;
  #row: number = Message.request;
  #end: number;
  #values = 0;
  /** Values counted before the current record, resource or scope. */
  #before = 0;
  /** Values so far of the resource of the current ResourceLogs, and of the scope of the current ScopeLogs. */
  #ofResource = 0;
  #ofScope = 0;
  /** Number of records scanned. */
  records = 0;

  constructor(bytes: Uint8Array, maxBytes: number) {
    this.#bytes = bytes;
    this.#in = new ProtobufReader(bytes);
    this.#end = bytes.length;
    this.#maxRecords = Math.floor(maxBytes / BYTES_PER_RECORD);
    this.#maxValues = Math.floor(maxBytes / BYTES_PER_VALUE);
  }

  /** The position up to which the bytes were scanned. */
  get at(): number {
    return this.#in.at;
  }

  /** Scans up to the first field at or after this byte. @returns whether the scan is complete */
  scanTo(pauseAt: number): boolean {
    const bytes = this.#bytes;
    const reader = this.#in;
    const rows = this.#rows;
    const ends = this.#ends;
    const maxRecords = this.#maxRecords;
    const maxValues = this.#maxValues;
    let depth = this.#depth;
    let row = this.#row;
    let end = this.#end;
    let values = this.#values;
    let before = this.#before;
    let ofResource = this.#ofResource;
    let ofScope = this.#ofScope;
    let { records } = this;
    for (;;) {
      while (reader.at >= end) {
        if (row < Message.keyValue) {
          if (row === Message.logRecord) {
            records += 1;
            if (records > maxRecords) tooMany('the request', 'records', maxRecords);
            if (values - before > MAX_PART_VALUES) tooMany('a record', 'values', MAX_PART_VALUES);
          } else if (row === Message.resource) {
            ofResource += values - before;
            if (ofResource > MAX_PART_VALUES) tooMany('a resource', 'values', MAX_PART_VALUES);
          } else if (row === Message.scope) {
            ofScope += values - before;
            if (ofScope > MAX_PART_VALUES) tooMany('a scope', 'values', MAX_PART_VALUES);
          }
        }
        if (depth === 0) {
          this.records = records;
          return true;
        }
        depth -= 1;
        row = rows[depth]!;
        end = ends[depth]!;
      }
      if (reader.at >= pauseAt) {
        this.#depth = depth;
        this.#row = row;
        this.#end = end;
        this.#values = values;
        this.#before = before;
        this.#ofResource = ofResource;
        this.#ofScope = ofScope;
        this.records = records;
        return false;
      }
      const start = reader.at;
      let tag = bytes[start]!;
      // Fast path: almost all field numbers are below 16.
      if (tag < 0x80 && tag > 7) reader.at = start + 1;
      else tag = reader.tag(end);
      const field = tag >>> 3;
      const kind = field < FIELDS ? grammar[row * FIELDS + field]! : Kind.unknown;
      if (kind !== Kind.unknown && (tag & 7) !== wireTypeOf[kind]) {
        reader.fail(`field ${field} must have wire type ${wireTypeOf[kind]}, got ${tag & 7}`, start);
      }
      // Unknown fields take a reader's time too.
      if (kind === Kind.unknown) values += 1;
      if ((tag & 7) !== WireType.BYTES) {
        reader.skip(tag, end);
        continue;
      }
      const stop = reader.lengthDelimited(end);
      if (kind < Kind.message) {
        if (kind >= Kind.traceId) this.#checkId(kind, stop - reader.at, start);
        reader.at = stop;
        continue;
      }
      if (depth >= MAX_DEPTH) {
        throw new WireError('too_deep', `messages are nested deeper than ${MAX_DEPTH} at byte ${reader.at}`);
      }
      values += 1;
      if (values > maxValues) tooMany('the request', 'values', maxValues);
      rows[depth] = row;
      ends[depth] = end;
      depth += 1;
      row = kind - Kind.message;
      end = stop;
      if (row < Message.keyValue) {
        if (row === Message.resourceLogs) ofResource = 0;
        else if (row === Message.scopeLogs) ofScope = 0;
        before = values;
      }
    }
  }

  #checkId(kind: number, length: number, start: number): void {
    const [name, expected] =
      kind === Kind.traceId ? (['trace_id', TRACE_ID_BYTES] as const) : (['span_id', SPAN_ID_BYTES] as const);
    if (length === 0 || length === expected) return;
    this.#in.fail(`${name} must have ${expected} bytes or be empty, got ${length} bytes`, start);
  }
}

function tooMany(what: string, things: string, max: number): never {
  throw new WireError('too_large', `${what} is too large: more than ${max} ${things}`);
}
