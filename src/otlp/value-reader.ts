import { type AnyValue, doubleValue, intValue, type KeyValue } from './decoded.ts';
import { KeyValueField, LIST_DEPTH, List, MAP_DEPTH, MAX_DEPTH, Value } from './fields.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import { WireError } from './wire-error.ts';

/** Reads OTLP's KeyValue and AnyValue, and says what becomes of fields that have no place. */
export class ValueReader {
  readonly #in: ProtobufReader;

  constructor(reader: ProtobufReader) {
    this.#in = reader;
  }

  /** @param depth of its value */
  keyValue(outerEnd: number, depth: number): KeyValue {
    const reader = this.#in;
    const end = reader.lengthDelimited(outerEnd);
    this.#checkDepth(depth - 1);
    let key = '';
    let value: AnyValue = null;
    while (reader.at < end) {
      const start = reader.at;
      const tag = reader.tag(end);
      if (tag === KeyValueField.key) key = reader.text(end);
      else if (tag === KeyValueField.value) value = this.value(reader.lengthDelimited(end), depth, value);
      else this.other(tag, KeyValueField, end, start);
    }
    return [key, value];
  }

  /** @param before what the same field said before, which counts as long as nothing else is said */
  value(end: number, depth: number, before: AnyValue): AnyValue {
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
          this.other(tag, Value, end, start);
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
      if (tag === List.values) values.push(this.value(this.#in.lengthDelimited(end), depth, null));
      else this.other(tag, List, end, start);
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
      if (tag === List.values) entries.push(this.keyValue(end, depth));
      else this.other(tag, List, end, start);
    }
    return entries;
  }

  #checkDepth(depth: number): void {
    if (depth <= MAX_DEPTH) return;
    throw new WireError('too_deep', `messages are nested deeper than ${MAX_DEPTH} at byte ${this.#in.at}`);
  }

  /** A field that is not known is skipped; one that is, but has another wire type, is an error. */
  other(tag: number, known: Readonly<Record<string, number>>, end: number, start: number): void {
    const field = Math.floor(tag / 8);
    for (const wanted of Object.values(known)) {
      if (wanted >> 3 !== field) continue;
      this.#in.fail(`field ${field} must have wire type ${wanted & 7}, got ${tag & 7}`, start);
    }
    this.#in.skip(tag, end);
  }
}
