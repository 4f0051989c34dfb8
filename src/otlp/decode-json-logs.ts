import type {
  AnyValue,
  DecodedLogRecord,
  DecodedLogs,
  DecodedResource,
  DecodedScope,
  KeyValue,
} from './decoded.ts';
import {
  ATTRIBUTE_DEPTH,
  BODY_DEPTH,
  LIST_DEPTH,
  MAP_DEPTH,
  RESOURCE_ATTRIBUTE_DEPTH,
  SCOPE_ATTRIBUTE_DEPTH,
  SPAN_ID_BYTES,
  TRACE_ID_BYTES,
} from './fields.ts';
import { type Json, JsonFields, originalNames } from './json-fields.ts';
import { parseJson } from './parse-json.ts';

const valueKinds: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(originalNames)
    .filter(([name]) => name.endsWith('Value'))
    .flatMap(([name, original]) => [
      [name, name],
      [original, name],
    ]),
);

/** The decoded logs, and the first unknown name. */
export interface JsonLogs {
  readonly logs: DecodedLogs;
  /** Path of the first unknown name outside of records, such as `resourceLogs[0].scope_log`. */
  readonly unknown: string | undefined;
}

/**
 * Decodes OTLP/JSON, the body of an OTLP/HTTP request with content type `application/json` (OTLP
 * specification, "JSON Protobuf Encoding"): names in lowerCamelCase or as in the protobuf definition, ids in
 * hex, 64-bit integers as text or number, enums as numbers; severity names are accepted too. Unknown fields
 * are ignored; null means absent, and in a list an empty object.
 *
 * Integers are exact in either form. A number of the wrong type does not reject the request: an `intValue`
 * that is not a 64-bit integer becomes a double, a severity is truncated to an integer, and a number instead
 * of a string becomes its text.
 *
 * @param input the text, or its UTF-8 bytes
 * @throws WireError that names the field, for example `resourceLogs[0].resource must be an object, got 1`
 */
export function decodeJsonLogs(input: string | Uint8Array): DecodedLogs {
  return readJsonLogs(input).logs;
}

/** The same, with the first unknown name. @throws WireError */
export function readJsonLogs(input: string | Uint8Array): JsonLogs {
  const reader = new JsonReader();
  const logs = reader.request(parseJson(input, JSON.stringify));
  return { logs, unknown: reader.unknown };
}

class JsonReader extends JsonFields {
  request(json: unknown): DecodedLogs {
    const request = this.object(json);
    this.noteUnknown(request, ['resourceLogs']);
    return { resources: this.list(request, 'resourceLogs', (item) => this.#resourceLogs(item)) };
  }

  #resourceLogs(json: Json): DecodedResource {
    this.noteUnknown(json, ['resource', 'scopeLogs', 'schemaUrl']);
    const resource = this.child(json, 'resource', (child) => ({
      attributes: this.#attributes(child, 'attributes', RESOURCE_ATTRIBUTE_DEPTH),
      droppedAttributesCount: this.uint32(child, 'droppedAttributesCount'),
    }));
    return {
      attributes: resource?.attributes ?? [],
      droppedAttributesCount: resource?.droppedAttributesCount ?? 0,
      schemaUrl: this.text(json, 'schemaUrl'),
      scopes: this.list(json, 'scopeLogs', (item) => this.#scopeLogs(item)),
    };
  }

  #scopeLogs(json: Json): DecodedScope {
    this.noteUnknown(json, ['scope', 'logRecords', 'schemaUrl']);
    const scope = this.child(json, 'scope', (child) => ({
      name: this.text(child, 'name'),
      version: this.text(child, 'version'),
      attributes: this.#attributes(child, 'attributes', SCOPE_ATTRIBUTE_DEPTH),
      droppedAttributesCount: this.uint32(child, 'droppedAttributesCount'),
    }));
    return {
      name: scope?.name ?? '',
      version: scope?.version ?? '',
      attributes: scope?.attributes ?? [],
      droppedAttributesCount: scope?.droppedAttributesCount ?? 0,
      schemaUrl: this.text(json, 'schemaUrl'),
      records: this.list(json, 'logRecords', (item) => this.#logRecord(item)),
    };
  }

  #logRecord(json: Json): DecodedLogRecord {
    return {
      timeUnixNano: this.uint64(json, 'timeUnixNano'),
      observedTimeUnixNano: this.uint64(json, 'observedTimeUnixNano'),
      severityNumber: this.severity(json, 'severityNumber'),
      severityText: this.text(json, 'severityText'),
      body: this.child(json, 'body', (child) => this.#value(child, BODY_DEPTH)),
      attributes: this.#attributes(json, 'attributes', ATTRIBUTE_DEPTH),
      droppedAttributesCount: this.uint32(json, 'droppedAttributesCount'),
      flags: this.uint32(json, 'flags'),
      traceId: this.id(json, 'traceId', TRACE_ID_BYTES),
      spanId: this.id(json, 'spanId', SPAN_ID_BYTES),
      eventName: this.text(json, 'eventName'),
    };
  }

  #attributes(json: Json, name: string, depth: number): KeyValue[] {
    return this.list(json, name, (item) => {
      const value = this.child(item, 'value', (child) => this.#value(child, depth));
      return [this.text(item, 'key'), value ?? null];
    });
  }

  #value(json: Json, depth: number): AnyValue {
    let value: AnyValue = null;
    for (const name of Object.keys(json)) {
      const kind = Object.hasOwn(valueKinds, name) ? valueKinds[name] : undefined;
      if (kind !== undefined && json[name] !== null) value = this.#kind(json, kind, depth) ?? value;
    }
    return value;
  }

  /** @returns undefined for an unknown kind */
  #kind(json: Json, kind: string, depth: number): AnyValue | undefined {
    switch (kind) {
      case 'stringValue':
        return this.text(json, kind);
      case 'boolValue':
        return this.bool(json, kind);
      case 'intValue':
        return this.int64(json, kind);
      case 'doubleValue':
        return this.double(json, kind);
      case 'bytesValue':
        return this.bytes(json, kind);
      case 'arrayValue':
        this.checkDepth(depth + LIST_DEPTH);
        return this.child(json, kind, (list) =>
          this.list(list, 'values', (item) => this.#value(item, depth + LIST_DEPTH)),
        );
      case 'kvlistValue':
        this.checkDepth(depth + MAP_DEPTH);
        return this.child(json, kind, (map) => ({
          entries: this.#attributes(map, 'values', depth + MAP_DEPTH),
        }));
      default:
        return undefined;
    }
  }
}
