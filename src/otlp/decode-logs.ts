import type {
  DecodedLogRecord,
  DecodedLogs,
  DecodedResource,
  DecodedScope,
  KeyValue,
  LogGroup,
  LogResource,
  LogScope,
} from './decoded.ts';
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

/** Limits of a group: number of records, and approximate number of bytes. */
const GROUP_RECORDS = 512;
const GROUP_BYTES = 262_144;

/**
 * Decodes an OTLP `ExportLogsServiceRequest` (protobuf) into plain data. It accepts everything that
 * `scanLogs` accepts, by the same rules; invalid UTF-8 becomes U+FFFD.
 *
 * Unknown fields are dropped (also the entity references of a resource, which are experimental); code that
 * must preserve them passes the bytes on. If a field is repeated, the last occurrence is used; lists and
 * attributes are concatenated.
 *
 * @throws WireError with the error and its byte position
 */
export function decodeLogs(bytes: Uint8Array): DecodedLogs {
  return { resources: new LogDecoder(bytes).request(bytes.length) };
}

/**
 * The same in groups of at most 512 records, or about 256 KiB of them: a request of any size is decoded in
 * bounded memory and without blocking the event loop for long. Scopes without records are skipped.
 *
 * @throws WireError when it reaches invalid bytes
 */
export function logGroups(bytes: Uint8Array): Generator<LogGroup> {
  return new LogDecoder(bytes).groups(bytes.length);
}

/**
 * Reads the other fields of a ResourceLogs or ScopeLogs before its records, because they may follow the
 * records.
 */
class LogDecoder {
  readonly #in: ProtobufReader;
  readonly #values: ValueReader;

  constructor(bytes: Uint8Array) {
    this.#in = new ProtobufReader(bytes);
    this.#in.cacheTexts();
    this.#values = new ValueReader(this.#in);
  }

  request(end: number): DecodedResource[] {
    const reader = this.#in;
    const resources: DecodedResource[] = [];
    while (this.#next(Request.resourceLogs, Request, end)) {
      const logsEnd = reader.lengthDelimited(end);
      const scopes: DecodedScope[] = [];
      const resource = { ...this.#resource(logsEnd), scopes };
      while (this.#next(ResourceLogs.scopeLogs, ResourceLogs, logsEnd)) {
        const scopeEnd = reader.lengthDelimited(logsEnd);
        const scope = this.#scope(scopeEnd);
        scopes.push({ ...scope, records: this.#records(scopeEnd, Number.POSITIVE_INFINITY) });
      }
      resources.push(resource);
    }
    return resources;
  }

  *groups(end: number): Generator<LogGroup> {
    const reader = this.#in;
    while (this.#next(Request.resourceLogs, Request, end)) {
      const logsEnd = reader.lengthDelimited(end);
      const resource = this.#resource(logsEnd);
      while (this.#next(ResourceLogs.scopeLogs, ResourceLogs, logsEnd)) {
        const scopeEnd = reader.lengthDelimited(logsEnd);
        const scope = this.#scope(scopeEnd);
        for (;;) {
          const records = this.#records(scopeEnd, GROUP_RECORDS);
          if (records.length === 0) break;
          yield { resource, scope, records };
        }
      }
    }
  }

  /** Moves to the content of the next field with this tag. @returns false if there is none before `end` */
  #next(wanted: number, known: Readonly<Record<string, number>>, end: number): boolean {
    const reader = this.#in;
    while (reader.at < end) {
      const start = reader.at;
      const tag = reader.tag(end);
      if (tag === wanted) return true;
      // Not counted, because it is not part of the previous record.
      this.#values.isKnown(tag, known, start);
      reader.skip(tag, end);
    }
    return false;
  }

  /** All fields of a ResourceLogs except its ScopeLogs. Does not change the position. */
  #resource(end: number): LogResource {
    const reader = this.#in;
    const begin = reader.at;
    const attributes: KeyValue[] = [];
    const found: Mutable<LogResource> = { attributes, droppedAttributesCount: 0, schemaUrl: '' };
    this.#values.start();
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === ResourceLogs.resource) this.#resourceFields(reader.lengthDelimited(end), found, attributes);
      else if (tag === ResourceLogs.schemaUrl) found.schemaUrl = reader.text(end);
      else reader.skip(tag, end);
    }
    reader.at = begin;
    return found;
  }

  #resourceFields(end: number, found: Mutable<LogResource>, attributes: KeyValue[]): void {
    const reader = this.#in;
    while (reader.at < end) {
      const start = reader.at;
      const tag = reader.tag(end);
      if (tag === Resource.attributes) attributes.push(this.#values.keyValue(end, RESOURCE_ATTRIBUTE_DEPTH));
      else if (tag === Resource.droppedAttributesCount) found.droppedAttributesCount = reader.uint32(end);
      else this.#values.skipField(tag, Resource, end, start);
    }
  }

  /** All fields of a ScopeLogs except its records. Does not change the position. */
  #scope(end: number): LogScope {
    const reader = this.#in;
    const begin = reader.at;
    const attributes: KeyValue[] = [];
    const found: Mutable<LogScope> = {
      name: '',
      version: '',
      attributes,
      droppedAttributesCount: 0,
      schemaUrl: '',
    };
    this.#values.start();
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === ScopeLogs.scope) this.#scopeFields(reader.lengthDelimited(end), found, attributes);
      else if (tag === ScopeLogs.schemaUrl) found.schemaUrl = reader.text(end);
      else reader.skip(tag, end);
    }
    reader.at = begin;
    return found;
  }

  #scopeFields(end: number, found: Mutable<LogScope>, attributes: KeyValue[]): void {
    const reader = this.#in;
    while (reader.at < end) {
      const start = reader.at;
      const tag = reader.tag(end);
      switch (tag) {
        case Scope.name:
          found.name = reader.text(end);
          break;
        case Scope.version:
          found.version = reader.text(end);
          break;
        case Scope.attributes:
          attributes.push(this.#values.keyValue(end, SCOPE_ATTRIBUTE_DEPTH));
          break;
        case Scope.droppedAttributesCount:
          found.droppedAttributesCount = reader.uint32(end);
          break;
        default:
          this.#values.skipField(tag, Scope, end, start);
      }
    }
  }

  /** The next records of a ScopeLogs. */
  #records(end: number, most: number): DecodedLogRecord[] {
    const reader = this.#in;
    const records: DecodedLogRecord[] = [];
    const full = most === Number.POSITIVE_INFINITY ? most : reader.at + GROUP_BYTES;
    while (records.length < most && reader.at < full && this.#next(ScopeLogs.logRecords, ScopeLogs, end)) {
      records.push(this.#logRecord(reader.lengthDelimited(end)));
    }
    return records;
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
    this.#values.start();
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
        record.severityNumber = reader.uint32(end) | 0;
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
        record.droppedAttributesCount = reader.uint32(end);
        break;
      case LogRecord.flags:
        record.flags = reader.fixed32(end);
        break;
      case LogRecord.traceId:
        record.traceId = reader.id(end, TRACE_ID_BYTES);
        break;
      case LogRecord.spanId:
        record.spanId = reader.id(end, SPAN_ID_BYTES);
        break;
      case LogRecord.eventName:
        record.eventName = reader.text(end);
        break;
      default:
        this.#values.skipField(tag, LogRecord, end, start);
    }
  }
}
