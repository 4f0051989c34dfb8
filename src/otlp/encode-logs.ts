import type { ReadableLogRecordLike } from '../record/index.ts';
import { asObject, carefulAttributes, carefulCopy, emptyRecord } from './careful-copy.ts';
import {
  ATTRIBUTE_DEPTH,
  BODY_DEPTH,
  LogRecord,
  RESOURCE_ATTRIBUTE_DEPTH,
  Request,
  Resource,
  ResourceLogs,
  SCOPE_ATTRIBUTE_DEPTH,
  Scope,
  ScopeLogs,
  SPAN_ID_BYTES,
  TRACE_ID_BYTES,
} from './fields.ts';
import { groupRecords, type ResourceGroup, type ScopeGroup } from './group-records.ts';
import { ProtobufWriter, varintSize } from './protobuf-writer.ts';
import { ValueWriter } from './value-writer.ts';

/** Approximate size of a record with two texts and some attributes. */
const EXPECTED_RECORD_BYTES = 320;
const EXPECTED_RESOURCE_BYTES = 1_024;
/** A larger buffer is not kept. */
const MAX_SPARE_BYTES = 1_048_576;
const TWO_TO_32 = 2 ** 32;
const MAX_INT32 = 2 ** 31 - 1;
const NOT_HEX = 0xff;

/** The value of each hex digit by its character code. */
const hexDigits = new Uint8Array(128).fill(NOT_HEX);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  hexDigits[digit.charCodeAt(0)] = value;
  hexDigits[digit.toUpperCase().charCodeAt(0)] = value;
}

/**
 * Encodes SDK records as an OTLP `ExportLogsServiceRequest` (protobuf), equivalent to the output of
 * `ProtobufLogsSerializer` of `@opentelemetry/otlp-transformer`. Records are grouped by resource and scope,
 * in the order of their first record; within a group they keep their order.
 *
 * It never throws, whatever an application put into a record. A value of a type that OTLP does not have
 * becomes readable text, a list or a map (see {@link ValueWriter}); a circular reference `[circular]`; a
 * value nested too deep `[too deep]`; a getter that throws `[threw …]`; a value of more than 64 MiB or
 * 131,072 values `[too large]`; a lone surrogate U+FFFD. These are omitted: a trace id that is not 32 hex
 * digits or a span id that is not 16; a severity number that is not an integer from 1 to 2^31 - 1; severity
 * text and event name that are not strings; attributes whose keys cannot be listed. A time outside of 1970 to
 * 2554, or one that is not a pair of numbers, is written as 0 ("unknown").
 *
 * It reuses one buffer and returns copies: an oversized buffer per batch would trigger garbage collection
 * through external memory.
 */
export class LogsEncoder {
  #spare: ProtobufWriter | undefined;

  /** @returns a buffer that is not modified afterwards, so it can be sent by reference */
  encode(records: readonly ReadableLogRecordLike[]): Uint8Array {
    const groups = groupRecords(records);
    const expected = records.length * EXPECTED_RECORD_BYTES + groups.length * EXPECTED_RESOURCE_BYTES;
    const writer = this.#spare ?? new ProtobufWriter(expected);
    // Not available in the meantime, because a getter of a record may call this method again.
    this.#spare = undefined;
    const encoder = new LogEncoder(writer);
    for (const group of groups) encoder.resourceLogs(group);
    const bytes = writer.copy();
    writer.at = 0;
    if (writer.capacity <= MAX_SPARE_BYTES) this.#spare = writer;
    return bytes;
  }
}

class LogEncoder {
  readonly out: ProtobufWriter;
  readonly #values: ValueWriter;

  constructor(out: ProtobufWriter) {
    this.out = out;
    this.#values = new ValueWriter(out);
  }

  resourceLogs({ resource, count, scopes }: ResourceGroup): void {
    const { out } = this;
    const reserved = expectedLengthSize(count);
    out.reserve(1);
    out.put(Request.resourceLogs);
    const start = out.begin(reserved);
    this.#firstThatWorks(
      () => this.#resource(asObject(resource).attributes),
      () => this.#resource(carefulAttributes(asObject(resource))),
      () => this.#resource(undefined),
    );
    for (const scope of scopes) this.#scopeLogs(scope);
    this.#schemaUrl(ResourceLogs.schemaUrl, resource);
    out.end(start, reserved);
  }

  #resource(attributes: unknown): void {
    const { out } = this;
    out.reserve(1);
    out.put(ResourceLogs.resource);
    const start = out.begin(2);
    this.#attributes(Resource.attributes, attributes, RESOURCE_ATTRIBUTE_DEPTH);
    out.end(start, 2);
  }

  #scopeLogs({ scope, records }: ScopeGroup): void {
    const { out } = this;
    const reserved = expectedLengthSize(records.length);
    out.reserve(1);
    out.put(ResourceLogs.scopeLogs);
    const start = out.begin(reserved);
    const fields = asObject(scope);
    this.#firstThatWorks(
      () => this.#scope(fields, fields.attributes),
      () => this.#scope(fields, carefulAttributes(fields)),
      () => this.#scope({}, undefined),
    );
    for (const record of records) this.#record(record);
    this.#schemaUrl(ScopeLogs.schemaUrl, scope);
    out.end(start, reserved);
  }

  #scope(scope: Readonly<Record<string, unknown>>, attributes: unknown): void {
    const { out } = this;
    out.reserve(1);
    out.put(ScopeLogs.scope);
    const start = out.begin(1);
    this.#text(Scope.name, scope.name);
    this.#text(Scope.version, scope.version);
    this.#attributes(Scope.attributes, attributes, SCOPE_ATTRIBUTE_DEPTH);
    this.#count(Scope.droppedAttributesCount, scope.droppedAttributesCount);
    out.end(start, 1);
  }

  #schemaUrl(tag: number, owner: unknown): void {
    this.#firstThatWorks(
      () => this.#text(tag, asObject(owner).schemaUrl),
      () => {},
    );
  }

  #record(record: ReadableLogRecordLike): void {
    const before = this.out.at;
    try {
      this.#values.start(false);
      this.#fields(record);
    } catch {
      this.out.at = before;
      this.#carefulRecord(record);
    }
  }

  #carefulRecord(record: ReadableLogRecordLike): void {
    this.#firstCareful(
      () => this.#fields(carefulCopy(record)),
      () => this.#fields(carefulCopy(record, '[too large]')),
      () => this.#fields(emptyRecord('[a record that cannot be encoded]')),
    );
  }

  #firstThatWorks(plain: () => void, ...careful: readonly (() => void)[]): void {
    if (!this.#works(plain, false)) this.#firstCareful(...careful);
  }

  /** Tries each function until one succeeds, replacing values that are nested too deep. */
  #firstCareful(...ways: readonly (() => void)[]): void {
    ways.some((write) => this.#works(write, true));
  }

  /** Runs a write, and discards its output if it throws. */
  #works(write: () => void, isCareful: boolean): boolean {
    const before = this.out.at;
    try {
      this.#values.start(isCareful);
      write();
      return true;
    } catch {
      this.out.at = before;
      return false;
    }
  }

  #fields(record: ReadableLogRecordLike): void {
    const { out } = this;
    out.reserve(64);
    out.put(ScopeLogs.logRecords);
    const start = out.begin(2);
    this.#time(LogRecord.timeUnixNano, record.hrTime);
    const { severityNumber } = record;
    if (typeof severityNumber === 'number' && severityNumber >= 1 && severityNumber <= MAX_INT32) {
      if (Number.isInteger(severityNumber)) {
        out.put(LogRecord.severityNumber);
        out.putVarint(severityNumber);
      }
    }
    this.#text(LogRecord.severityText, record.severityText);
    const { body } = record;
    if (body !== undefined) this.#values.value(LogRecord.body, body, BODY_DEPTH);
    this.#attributes(LogRecord.attributes, record.attributes, ATTRIBUTE_DEPTH);
    this.#count(LogRecord.droppedAttributesCount, record.droppedAttributesCount);
    const { spanContext } = record;
    if (spanContext) {
      out.reserve(64);
      const { traceFlags } = spanContext;
      if (traceFlags > 0 && traceFlags < TWO_TO_32) {
        out.put(LogRecord.flags);
        out.putFixed32(traceFlags);
      }
      this.#id(LogRecord.traceId, spanContext.traceId, TRACE_ID_BYTES);
      this.#id(LogRecord.spanId, spanContext.spanId, SPAN_ID_BYTES);
    }
    out.reserve(16);
    this.#time(LogRecord.observedTimeUnixNano, record.hrTimeObserved);
    this.#text(LogRecord.eventName, record.eventName);
    out.end(start, 2);
  }

  /** Writes `[seconds, nanoseconds]` as 64-bit nanoseconds. */
  #time(tag: number, time: unknown): void {
    const { out } = this;
    let low = 0;
    let high = 0;
    if (Array.isArray(time)) {
      const seconds = time[0];
      const nanos = time[1];
      // The lowest 32 bits are exact in 32-bit arithmetic; given these, rounding always yields the correct
      // high bits.
      low = (Math.imul(seconds, 1_000_000_000) + nanos) >>> 0;
      high = Math.round((seconds * 1e9 + nanos - low) / TWO_TO_32);
      if (!(high >= 0 && high < TWO_TO_32)) {
        low = 0;
        high = 0;
      }
    }
    out.put(tag);
    out.putFixed64(low, high);
  }

  #text(tag: number, text: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    this.out.reserve(1);
    this.out.put(tag);
    this.out.text(text);
  }

  #attributes(tag: number, attributes: unknown, depth: number): void {
    if (typeof attributes !== 'object' || attributes === null) return;
    this.#values.attributes(tag, attributes as Record<string, unknown>, depth);
  }

  #count(tag: number, count: unknown): void {
    if (typeof count !== 'number' || !(count >= 1)) return;
    this.out.reserve(8);
    this.out.put(tag);
    this.out.putVarint(count >= TWO_TO_32 ? TWO_TO_32 - 1 : Math.trunc(count));
  }

  #id(tag: number, id: unknown, bytes: number): void {
    if (typeof id !== 'string' || id.length !== bytes * 2) return;
    const { out } = this;
    const before = out.at;
    out.put(tag);
    out.put(bytes);
    for (let index = 0; index < id.length; index += 2) {
      const high = hexDigits[id.charCodeAt(index)] ?? NOT_HEX;
      const low = hexDigits[id.charCodeAt(index + 1)] ?? NOT_HEX;
      if ((high | low) > 0x0f) {
        out.at = before;
        return;
      }
      out.put((high << 4) | low);
    }
  }
}

/** Probable size in bytes of the length of this many records. */
function expectedLengthSize(records: number): number {
  return varintSize(Math.min(records * EXPECTED_RECORD_BYTES, TWO_TO_32 - 1));
}
