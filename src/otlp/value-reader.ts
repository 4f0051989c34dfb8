import { type AnyValue, doubleValue, type KeyValue } from './decoded.ts';
import { KeyValueField, LIST_DEPTH, List, MAP_DEPTH, MAX_DEPTH, Value } from './fields.ts';
import { MAX_PART_VALUES } from './limits.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import { WireError } from './wire-error.ts';

/** Reads OTLP's KeyValue and AnyValue, and skips unknown fields. */
export class ValueReader {
  readonly #in: ProtobufReader;
  /** Number of values of the current record, resource or scope. */
  #values = 0;

  constructor(reader: ProtobufReader) {
    this.#in = reader;
  }

  /** Starts a record, resource or scope: resets the count of values. */
  start(): void {
    this.#values = 0;
  }

  /** @param depth of its value */
  keyValue(outerEnd: number, depth: number): KeyValue {
    const reader = this.#in;
    const end = reader.lengthDelimited(outerEnd);
    this.#enter(depth - 1);
    let key = '';
    let value: AnyValue = null;
    while (reader.at < end) {
      const start = reader.at;
      const tag = reader.tag(end);
      if (tag === KeyValueField.key) key = reader.text(end);
      else if (tag === KeyValueField.value) value = this.value(reader.lengthDelimited(end), depth, value);
      else this.skipField(tag, KeyValueField, end, start);
    }
    return [key, value];
  }

  /** @param before the value of an earlier occurrence of the field, kept if this one is empty */
  value(end: number, depth: number, before: AnyValue): AnyValue {
    this.#enter(depth);
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
          value = reader.varint(end) !== 0;
          break;
        case Value.int:
          value = reader.int64(end);
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
          this.skipField(tag, Value, end, start);
      }
    }
    return value;
  }

  /** @param depth of its values */
  #list(end: number, depth: number): AnyValue[] {
    this.#enter(depth - 1);
    const values: AnyValue[] = [];
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      if (tag === List.values) values.push(this.value(this.#in.lengthDelimited(end), depth, null));
      else this.skipField(tag, List, end, start);
    }
    return values;
  }

  /** @param depth of its values */
  #map(end: number, depth: number): KeyValue[] {
    this.#enter(depth - 2);
    const entries: KeyValue[] = [];
    while (this.#in.at < end) {
      const start = this.#in.at;
      const tag = this.#in.tag(end);
      if (tag === List.values) entries.push(this.keyValue(end, depth));
      else this.skipField(tag, List, end, start);
    }
    return entries;
  }

  /** Skips a field of a record, resource or scope. */
  skipField(tag: number, known: Readonly<Record<string, number>>, end: number, start: number): void {
    if (!this.isKnown(tag, known, start)) this.#count();
    this.#in.skip(tag, end);
  }

  /** @throws WireError if the field is known but has another wire type */
  isKnown(tag: number, known: Readonly<Record<string, number>>, start: number): boolean {
    const field = tag >>> 3;
    for (const name in known) {
      const expected = known[name]!;
      if (expected >> 3 !== field) continue;
      if (expected === tag) return true;
      this.#in.fail(`field ${field} must have wire type ${expected & 7}, got ${tag & 7}`, start);
    }
    return false;
  }

  /** Enters a message: counts it and checks its depth. */
  #enter(depth: number): void {
    this.#count();
    if (depth <= MAX_DEPTH) return;
    throw new WireError('too_deep', `messages are nested deeper than ${MAX_DEPTH} at byte ${this.#in.at}`);
  }

  /** Counts messages and unknown fields, in the same way as the scan. */
  #count(): void {
    this.#values += 1;
    if (this.#values <= MAX_PART_VALUES) return;
    throw new WireError(
      'too_large',
      `too large: more than ${MAX_PART_VALUES} values before byte ${this.#in.at}`,
    );
  }
}
