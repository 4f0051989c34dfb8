import {
  type AnyValue,
  type Attributes,
  type DecodedLogRecord,
  type DecodedLogs,
  type DecodedResource,
  type DecodedScope,
  isBytes,
  isMap,
  isWholeDouble,
} from './decoded.ts';
import {
  KeyValueField,
  List,
  LogRecord,
  Request,
  Resource,
  ResourceLogs,
  Scope,
  ScopeLogs,
  Value,
} from './fields.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

const FIRST_BYTES = 4_096;
/** Most records have at least 128 bytes. */
const RECORD_LENGTH_BYTES = 2;

/**
 * Encodes decoded logs as an OTLP `ExportLogsServiceRequest` (protobuf): for logs received as JSON or from
 * distlog, and for logs that rules changed. `decodeLogs` of the result returns the same logs.
 *
 * @param expectedBytes approximate size of the result; the buffer grows if needed
 */
export function encodeDecoded(logs: DecodedLogs, expectedBytes = FIRST_BYTES): Uint8Array {
  const encoder = new DecodedEncoder(expectedBytes);
  for (const resource of logs.resources) encoder.resourceLogs(resource);
  return encoder.out.finish();
}

class DecodedEncoder {
  readonly out: ProtobufWriter;

  constructor(expectedBytes: number) {
    this.out = new ProtobufWriter(expectedBytes);
  }

  resourceLogs(logs: DecodedResource): void {
    const start = this.#begin(Request.resourceLogs);
    const resource = this.#begin(ResourceLogs.resource);
    this.#attributes(Resource.attributes, logs.attributes);
    this.#number(Resource.droppedAttributesCount, logs.droppedAttributesCount);
    this.out.end(resource, 1);
    for (const scope of logs.scopes) this.#scopeLogs(scope);
    this.#text(ResourceLogs.schemaUrl, logs.schemaUrl);
    this.out.end(start, 1);
  }

  #scopeLogs(logs: DecodedScope): void {
    const start = this.#begin(ResourceLogs.scopeLogs);
    const scope = this.#begin(ScopeLogs.scope);
    this.#text(Scope.name, logs.name);
    this.#text(Scope.version, logs.version);
    this.#attributes(Scope.attributes, logs.attributes);
    this.#number(Scope.droppedAttributesCount, logs.droppedAttributesCount);
    this.out.end(scope, 1);
    for (const record of logs.records) this.#record(record);
    this.#text(ScopeLogs.schemaUrl, logs.schemaUrl);
    this.out.end(start, 1);
  }

  #record(record: DecodedLogRecord): void {
    const { out } = this;
    this.#tag(ScopeLogs.logRecords);
    const start = out.begin(RECORD_LENGTH_BYTES);
    this.#time(LogRecord.timeUnixNano, record.timeUnixNano);
    if (record.severityNumber < 0) {
      this.#tag(LogRecord.severityNumber);
      out.putBigInt(BigInt(record.severityNumber));
    } else this.#number(LogRecord.severityNumber, record.severityNumber);
    this.#text(LogRecord.severityText, record.severityText);
    if (record.body !== undefined) this.#value(LogRecord.body, record.body);
    this.#attributes(LogRecord.attributes, record.attributes);
    this.#number(LogRecord.droppedAttributesCount, record.droppedAttributesCount);
    if (record.flags !== 0) {
      this.#tag(LogRecord.flags);
      out.putFixed32(record.flags);
    }
    this.#id(LogRecord.traceId, record.traceId);
    this.#id(LogRecord.spanId, record.spanId);
    this.#time(LogRecord.observedTimeUnixNano, record.observedTimeUnixNano);
    this.#text(LogRecord.eventName, record.eventName);
    out.end(start, RECORD_LENGTH_BYTES);
  }

  #attributes(tag: number, attributes: Attributes): void {
    for (const [key, value] of attributes) {
      const start = this.out.beginWithText(tag, KeyValueField.key, key);
      this.#value(KeyValueField.value, value);
      this.out.end(start, 1);
    }
  }

  #value(tag: number, value: AnyValue): void {
    const start = this.#begin(tag);
    this.#content(value);
    this.out.end(start, 1);
  }

  #content(value: AnyValue): void {
    const { out } = this;
    if (value === null) return;
    if (typeof value === 'string') {
      this.#tag(Value.string);
      out.text(value);
    } else if (typeof value === 'boolean') {
      this.#tag(Value.bool);
      out.put(value ? 1 : 0);
    } else if (typeof value === 'bigint') {
      this.#tag(Value.int);
      out.putBigInt(value);
    } else if (typeof value === 'number') {
      if (Number.isSafeInteger(value)) {
        this.#tag(Value.int);
        out.putInt64(value);
      } else this.#double(value);
    } else if (isBytes(value)) {
      this.#tag(Value.bytes);
      out.bytes(value);
    } else if (isMap(value)) {
      const start = this.#begin(Value.map);
      this.#attributes(List.values, value.entries);
      out.end(start, 1);
    } else if (isWholeDouble(value)) {
      this.#double(value.double);
    } else {
      const start = this.#begin(Value.array);
      for (const item of value) this.#value(List.values, item);
      out.end(start, 1);
    }
  }

  #double(value: number): void {
    this.#tag(Value.double);
    this.out.putDouble(value);
  }

  #time(tag: number, nanos: bigint): void {
    if (nanos === 0n) return;
    this.#tag(tag);
    this.out.putBigFixed64(nanos);
  }

  #id(tag: number, hex: string): void {
    if (hex === '') return;
    this.#tag(tag);
    this.out.hex(hex);
  }

  #text(tag: number, text: string): void {
    if (text === '') return;
    this.#tag(tag);
    this.out.text(text);
  }

  #number(tag: number, value: number): void {
    if (value === 0) return;
    this.#tag(tag);
    this.out.putVarint(value);
  }

  /** Writes a tag and reserves space for a number after it. */
  #tag(tag: number): void {
    this.out.reserve(16);
    this.out.put(tag);
  }

  #begin(tag: number): number {
    this.#tag(tag);
    return this.out.begin(1);
  }
}
