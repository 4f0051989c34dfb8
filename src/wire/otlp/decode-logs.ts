import {
  type AnyValue,
  type DecodedLogRecord,
  type DecodedLogs,
  type DecodedResource,
  type DecodedScope,
  doubleValue,
  intValue,
  type KeyValue,
} from './decoded.ts';
import {
  ATTRIBUTE_DEPTH,
  BODY_DEPTH,
  KeyValueField,
  LIST_DEPTH,
  List,
  LogRecord,
  MAP_DEPTH,
  MAX_DEPTH,
  RESOURCE_ATTRIBUTE_DEPTH,
  Request,
  Resource,
  ResourceLogs,
  SCOPE_ATTRIBUTE_DEPTH,
  Scope,
  ScopeLogs,
  SPAN_ID_BYTES,
  TRACE_ID_BYTES,
  Value,
} from './fields.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { WireError } from './wire-error.ts';

type Mutable<T> = { -readonly [name in keyof T]: T[name] };

/**
 * Reads the bytes of an OTLP `ExportLogsServiceRequest` (protobuf) into plain data. It accepts all that `scanLogs`
 * accepts, by the same rules; a text that is not UTF-8 gets U+FFFD where it is not.
 *
 * Of a field that stands there more than once the last counts; lists and attributes grow.
 *
 * @throws WireError that says what is wrong, at which byte
 */
export function decodeLogs(bytes: Uint8Array): DecodedLogs {
  const decoder = new LogDecoder(bytes);
  return { resources: decoder.request(bytes.length) };
}

class LogDecoder {
  readonly #in: ProtobufReader;

  constructor(bytes: Uint8Array) {
    this.#in = new ProtobufReader(bytes);
  }

  request(end: number): DecodedResource[] {
    const resources: DecodedResource[] = [];
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      if (tag === Request.resourceLogs) resources.push(this.#resourceLogs(this.#in.lengthDelimited(end)));
      else this.#other(tag, Request, end, start);
    }
    return resources;
  }

  #resourceLogs(end: number): DecodedResource {
    const attributes: KeyValue[] = [];
    const scopes: DecodedScope[] = [];
    const logs: Mutable<DecodedResource> = { attributes, droppedAttributesCount: 0, schemaUrl: '', scopes };
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      switch (tag) {
        case ResourceLogs.resource:
          this.#resource(this.#in.lengthDelimited(end), logs, attributes);
          break;
        case ResourceLogs.scopeLogs:
          scopes.push(this.#scopeLogs(this.#in.lengthDelimited(end)));
          break;
        case ResourceLogs.schemaUrl:
          logs.schemaUrl = this.#in.text(end);
          break;
        default:
          this.#other(tag, ResourceLogs, end, start);
      }
    }
    return logs;
  }

  #resource(end: number, logs: Mutable<DecodedResource>, attributes: KeyValue[]): void {
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      if (tag === Resource.attributes) attributes.push(this.#keyValue(end, RESOURCE_ATTRIBUTE_DEPTH));
      else if (tag === Resource.droppedAttributesCount) logs.droppedAttributesCount = this.#uint32(end);
      else this.#other(tag, Resource, end, start);
    }
  }

  #scopeLogs(end: number): DecodedScope {
    const attributes: KeyValue[] = [];
    const records: DecodedLogRecord[] = [];
    const logs: Mutable<DecodedScope> = {
      name: '',
      version: '',
      attributes,
      droppedAttributesCount: 0,
      schemaUrl: '',
      records,
    };
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      switch (tag) {
        case ScopeLogs.scope:
          this.#scope(this.#in.lengthDelimited(end), logs, attributes);
          break;
        case ScopeLogs.logRecords:
          records.push(this.#logRecord(this.#in.lengthDelimited(end)));
          break;
        case ScopeLogs.schemaUrl:
          logs.schemaUrl = this.#in.text(end);
          break;
        default:
          this.#other(tag, ScopeLogs, end, start);
      }
    }
    return logs;
  }

  #scope(end: number, logs: Mutable<DecodedScope>, attributes: KeyValue[]): void {
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      switch (tag) {
        case Scope.name:
          logs.name = this.#in.text(end);
          break;
        case Scope.version:
          logs.version = this.#in.text(end);
          break;
        case Scope.attributes:
          attributes.push(this.#keyValue(end, SCOPE_ATTRIBUTE_DEPTH));
          break;
        case Scope.droppedAttributesCount:
          logs.droppedAttributesCount = this.#uint32(end);
          break;
        default:
          this.#other(tag, Scope, end, start);
      }
    }
  }

  #logRecord(end: number): DecodedLogRecord {
    const attributes: KeyValue[] = [];
    const record: Mutable<DecodedLogRecord> = {
      timeUnixNano: 0n,
      observedTimeUnixNano: 0n,
      severityNumber: 0,
      severityText: '',
      body: undefined,
      attributes,
      droppedAttributesCount: 0,
      flags: 0,
      traceId: '',
      spanId: '',
      eventName: '',
    };
    while (this.#in.at < end) this.#recordField(record, attributes, end);
    return record;
  }

  #recordField(record: Mutable<DecodedLogRecord>, attributes: KeyValue[], end: number): void {
    const reader = this.#in;
    const start = reader.at;
    const tag = reader.tag(end);
    switch (tag) {
      case LogRecord.timeUnixNano:
        record.timeUnixNano = reader.fixed64(end);
        break;
      case LogRecord.observedTimeUnixNano:
        record.observedTimeUnixNano = reader.fixed64(end);
        break;
      case LogRecord.severityNumber:
        record.severityNumber = this.#uint32(end) | 0;
        break;
      case LogRecord.severityText:
        record.severityText = reader.text(end);
        break;
      case LogRecord.body:
        record.body = this.#value(reader.lengthDelimited(end), BODY_DEPTH, record.body ?? null);
        break;
      case LogRecord.attributes:
        attributes.push(this.#keyValue(end, ATTRIBUTE_DEPTH));
        break;
      case LogRecord.droppedAttributesCount:
        record.droppedAttributesCount = this.#uint32(end);
        break;
      case LogRecord.flags:
        record.flags = reader.fixed32(end);
        break;
      case LogRecord.traceId:
        record.traceId = reader.hex(end, TRACE_ID_BYTES);
        break;
      case LogRecord.spanId:
        record.spanId = reader.hex(end, SPAN_ID_BYTES);
        break;
      case LogRecord.eventName:
        record.eventName = reader.text(end);
        break;
      default:
        this.#other(tag, LogRecord, end, start);
    }
  }

  /** @param depth of its value */
  #keyValue(outerEnd: number, depth: number): KeyValue {
    const reader = this.#in;
    const end = reader.lengthDelimited(outerEnd);
    this.#checkDepth(depth - 1);
    let key = '';
    let value: AnyValue = null;
    while (reader.at < end) {
      const start = reader.at;
      const tag = reader.tag(end);
      if (tag === KeyValueField.key) key = reader.text(end);
      else if (tag === KeyValueField.value) value = this.#value(reader.lengthDelimited(end), depth, value);
      else this.#other(tag, KeyValueField, end, start);
    }
    return [key, value];
  }

  /** @param before what the same field said before, which counts as long as nothing else is said */
  #value(end: number, depth: number, before: AnyValue): AnyValue {
    this.#checkDepth(depth);
    const reader = this.#in;
    let value = before;
    while (reader.at < end) {
      const start = reader.at;
      const tag = reader.tag(end);
      switch (tag) {
        case Value.string:
          value = reader.text(end);
          break;
        case Value.bool:
          value = reader.bigVarint(end) !== 0n;
          break;
        case Value.int:
          value = intValue(BigInt.asIntN(64, reader.bigVarint(end)));
          break;
        case Value.double:
          value = doubleValue(reader.double(end));
          break;
        case Value.array:
          value = this.#list(reader.lengthDelimited(end), depth + LIST_DEPTH);
          break;
        case Value.map:
          value = { entries: this.#map(reader.lengthDelimited(end), depth + MAP_DEPTH) };
          break;
        case Value.bytes:
          value = reader.bytes(end);
          break;
        default:
          this.#other(tag, Value, end, start);
      }
    }
    return value;
  }

  /** @param depth of its values */
  #list(end: number, depth: number): AnyValue[] {
    this.#checkDepth(depth - 1);
    const values: AnyValue[] = [];
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      if (tag === List.values) values.push(this.#value(this.#in.lengthDelimited(end), depth, null));
      else this.#other(tag, List, end, start);
    }
    return values;
  }

  /** @param depth of its values */
  #map(end: number, depth: number): KeyValue[] {
    this.#checkDepth(depth - 2);
    const entries: KeyValue[] = [];
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      if (tag === List.values) entries.push(this.#keyValue(end, depth));
      else this.#other(tag, List, end, start);
    }
    return entries;
  }

  #uint32(end: number): number {
    return Number(BigInt.asUintN(32, this.#in.bigVarint(end)));
  }

  #checkDepth(depth: number): void {
    if (depth <= MAX_DEPTH) return;
    throw new WireError('too_deep', `messages are nested deeper than ${MAX_DEPTH} at byte ${this.#in.at}`);
  }

  /** A field that is not known is skipped; one that is, but has another wire type, is an error. */
  #other(tag: number, known: Readonly<Record<string, number>>, end: number, start: number): void {
    const field = Math.floor(tag / 8);
    for (const wanted of Object.values(known)) {
      if (wanted >> 3 !== field) continue;
      this.#in.fail(`field ${field} must have wire type ${wanted & 7}, got ${tag & 7}`, start);
    }
    this.#in.skip(tag, end);
  }
}
