import type { DecodedLogRecord, DecodedLogs, DecodedResource, DecodedScope, KeyValue } from './decoded.ts';
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
import { ProtobufReader } from './protobuf-reader.ts';
import { ValueReader } from './value-reader.ts';

type Mutable<T> = { -readonly [name in keyof T]: T[name] };

/**
 * Reads the bytes of an OTLP `ExportLogsServiceRequest` (protobuf) into plain data. It accepts all that `scanLogs`
 * accepts, by the same rules; a text that is not UTF-8 gets U+FFFD where it is not.
 *
 * Fields that are not known are left out (so are the entity references of a resource, which are experimental): what
 * must keep them is to pass the bytes on. Of a field that stands there more than once the last counts; lists and attributes grow.
 *
 * @throws WireError that says what is wrong, at which byte
 */
export function decodeLogs(bytes: Uint8Array): DecodedLogs {
  const decoder = new LogDecoder(bytes);
  return { resources: decoder.request(bytes.length) };
}

class LogDecoder {
  readonly #in: ProtobufReader;
  readonly #values: ValueReader;

  constructor(bytes: Uint8Array) {
    this.#in = new ProtobufReader(bytes);
    this.#values = new ValueReader(this.#in);
  }

  request(end: number): DecodedResource[] {
    const resources: DecodedResource[] = [];
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      if (tag === Request.resourceLogs) resources.push(this.#resourceLogs(this.#in.lengthDelimited(end)));
      else this.#values.other(tag, Request, end, start);
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
          this.#values.other(tag, ResourceLogs, end, start);
      }
    }
    return logs;
  }

  #resource(end: number, logs: Mutable<DecodedResource>, attributes: KeyValue[]): void {
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      if (tag === Resource.attributes) attributes.push(this.#values.keyValue(end, RESOURCE_ATTRIBUTE_DEPTH));
      else if (tag === Resource.droppedAttributesCount) logs.droppedAttributesCount = this.#uint32(end);
      else this.#values.other(tag, Resource, end, start);
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
          this.#values.other(tag, ScopeLogs, end, start);
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
          attributes.push(this.#values.keyValue(end, SCOPE_ATTRIBUTE_DEPTH));
          break;
        case Scope.droppedAttributesCount:
          logs.droppedAttributesCount = this.#uint32(end);
          break;
        default:
          this.#values.other(tag, Scope, end, start);
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
        record.body = this.#values.value(reader.lengthDelimited(end), BODY_DEPTH, record.body ?? null);
        break;
      case LogRecord.attributes:
        attributes.push(this.#values.keyValue(end, ATTRIBUTE_DEPTH));
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
        this.#values.other(tag, LogRecord, end, start);
    }
  }

  #uint32(end: number): number {
    return Number(BigInt.asUintN(32, this.#in.bigVarint(end)));
  }
}
