import type { SpanContext } from '@opentelemetry/api';
import { type InstrumentationScopeLike, LogRecordView, type ReadableLogRecordLike } from '../record/index.ts';
import type { ByteWriter } from './byte-writer.ts';
import { Bit, Entry, Tag } from './layout.ts';

/** The fields that all records of one call site share, and the last values of the others. */
class Shape {
  readonly scope: InstrumentationScopeLike;
  readonly resource: unknown;
  readonly severityNumber: number | undefined;
  readonly severityText: string | undefined;
  readonly eventName: string | undefined;
  readonly dropped: number;
  readonly keys: readonly string[];
  readonly redacted: readonly boolean[] | undefined;
  /** The frame in which `index` is valid. */
  frame = 0;
  index = 0;
  body: unknown;
  readonly values: unknown[];
  /** The shape that followed this one the last time. */
  next: Shape | undefined;

  constructor(record: ReadableLogRecordLike, redact: ReadonlySet<string>) {
    this.scope = record.instrumentationScope;
    this.resource = record.resource;
    this.severityNumber = record.severityNumber;
    this.severityText = record.severityText;
    this.eventName = record.eventName;
    this.dropped = record.droppedAttributesCount;
    this.keys = Object.keys(record.attributes);
    const redacted = this.keys.map((key) => redact.has(key));
    this.redacted = redacted.includes(true) ? redacted : undefined;
    this.values = new Array(this.keys.length).fill(undefined);
  }

  fits(record: ReadableLogRecordLike): boolean {
    if (
      record.instrumentationScope !== this.scope ||
      record.resource !== this.resource ||
      record.severityNumber !== this.severityNumber ||
      record.severityText !== this.severityText ||
      record.eventName !== this.eventName ||
      record.droppedAttributesCount !== this.dropped
    ) {
      return false;
    }
    const { keys } = this;
    let count = 0;
    for (const key in record.attributes) {
      if (key !== keys[count]) return false;
      count += 1;
    }
    return count === keys.length;
  }
}

const MAX_SHAPES = 256;
const NANOSECONDS = 1e6;

/**
 * Writes records in a compact form: fields that equal those of the previous record of the same call site are
 * not repeated. Every frame starts without previous records, see `startFrame()`.
 */
export class RecordEncoder {
  readonly #out: ByteWriter;
  readonly #redact: ReadonlySet<string>;
  readonly #resourceIndex: (resource: unknown) => number;
  #shapes: Shape[] = [];
  #shape: Shape | undefined;
  #frame = 0;
  #shapesInFrame = 0;
  readonly #contexts = new Map<SpanContext, number>();
  #context: SpanContext | undefined;
  #millis = 0;
  #delivery = 0;

  /** @param resourceIndex returns the index of a resource in the header */
  constructor(out: ByteWriter, redact: ReadonlySet<string>, resourceIndex: (resource: unknown) => number) {
    this.#out = out;
    this.#redact = redact;
    this.#resourceIndex = resourceIndex;
  }

  /** @param millis the base of the times in this frame */
  startFrame(millis: number): void {
    this.#frame += 1;
    this.#shapesInFrame = 0;
    this.#shape = undefined;
    this.#contexts.clear();
    this.#context = undefined;
    this.#millis = millis;
    this.#delivery = 0;
  }

  /**
   * @param key the key that the record belongs to
   * @param delivery the delivery number of a loud record; 0 for a held one
   */
  write(record: ReadableLogRecordLike, key: string, delivery: number): void {
    const out = this.#out;
    const [seconds, nanoseconds] = record.hrTime;
    const [observedSeconds, observedNanoseconds] = record.hrTimeObserved;
    const { spanContext } = record;
    const shape = this.#shapeOf(record);
    const start = out.at;
    let bits: number = Entry.RECORD;
    if (spanContext === this.#context) bits |= Bit.SAME_CONTEXT;
    if (shape === this.#shape) bits |= Bit.SAME_SHAPE;
    if (delivery > 0) bits |= Bit.LOUD;
    else if (key !== (spanContext?.traceId ?? '')) bits |= Bit.KEY;
    if (observedSeconds !== seconds || observedNanoseconds !== nanoseconds) bits |= Bit.OBSERVED;
    const isFine = nanoseconds % NANOSECONDS !== 0 || observedNanoseconds % NANOSECONDS !== 0;
    if (isFine) bits |= Bit.NANOSECONDS;
    out.byte(bits);
    if (spanContext !== this.#context && !this.#writeContext(spanContext)) {
      // The ids are invalid: the record is written without a span context.
      out.at = start;
      const view = new LogRecordView(record);
      view.spanContext = undefined;
      return this.write(view, key, delivery);
    }
    if (shape !== this.#shape) this.#writeShape(shape);
    if ((bits & Bit.KEY) !== 0) writeKey(out, key);
    if (delivery > 0) {
      out.signed(delivery - this.#delivery);
      this.#delivery = delivery;
    }
    const millis = seconds * 1_000 + Math.floor(nanoseconds / NANOSECONDS);
    out.signed(millis - this.#millis);
    this.#millis = millis;
    if (isFine) out.varint(nanoseconds % NANOSECONDS);
    if ((bits & Bit.OBSERVED) !== 0) {
      out.signed(observedSeconds * 1_000 + Math.floor(observedNanoseconds / NANOSECONDS) - millis);
      if (isFine) out.varint(observedNanoseconds % NANOSECONDS);
    }
    this.#writeValues(shape, record);
  }

  #writeValues(shape: Shape, { body, attributes }: ReadableLogRecordLike): void {
    const out = this.#out;
    if (body === shape.body && typeof body === 'string') {
      out.byte(Tag.SAME);
    } else {
      out.value(body);
      shape.body = body;
    }
    const { keys, values, redacted } = shape;
    for (let index = 0; index < keys.length; index += 1) {
      if (redacted?.[index]) {
        out.byte(Tag.REDACTED);
        continue;
      }
      const value = attributes[keys[index]!];
      if (typeof value === 'string' && value === values[index]) {
        out.byte(Tag.SAME);
      } else {
        out.value(value);
        values[index] = value;
      }
    }
  }

  /** @returns false if the ids are not hexadecimal */
  #writeContext(spanContext: SpanContext | undefined): boolean {
    const out = this.#out;
    const known = spanContext === undefined ? 0 : this.#contexts.get(spanContext);
    if (known !== undefined || spanContext === undefined) {
      out.varint(known ?? 0);
      this.#context = spanContext;
      return true;
    }
    const index = this.#contexts.size + 1;
    out.varint(index);
    const { traceId, spanId, traceFlags } = spanContext;
    if (typeof traceId !== 'string' || typeof spanId !== 'string') return false;
    if (!out.hex(traceId, 16) || !out.hex(spanId, 8)) return false;
    out.byte(traceFlags & 0xff);
    this.#contexts.set(spanContext, index);
    this.#context = spanContext;
    return true;
  }

  #writeShape(shape: Shape): void {
    const out = this.#out;
    this.#shape = shape;
    if (shape.frame === this.#frame) return out.varint(shape.index);
    shape.frame = this.#frame;
    shape.index = this.#shapesInFrame;
    this.#shapesInFrame += 1;
    shape.body = undefined;
    shape.values.fill(undefined);
    const { scope, severityNumber, severityText, eventName, dropped, resource, keys } = shape;
    out.varint(shape.index);
    out.varint(this.#resourceIndex(resource));
    out.value(scope.name);
    out.value(scope.version);
    out.value(scope.schemaUrl);
    out.value(severityNumber);
    out.value(severityText);
    out.value(eventName);
    out.value(dropped);
    out.varint(keys.length);
    for (const key of keys) out.text(key);
  }

  #shapeOf(record: ReadableLogRecordLike): Shape {
    const last = this.#shape;
    if (last !== undefined) {
      if (last.next?.fits(record)) return last.next;
      if (last.fits(record)) {
        last.next = last;
        return last;
      }
    }
    const found = this.#shapes.find((shape) => shape.fits(record)) ?? this.#addShape(record);
    if (last !== undefined) last.next = found;
    return found;
  }

  #addShape(record: ReadableLogRecordLike): Shape {
    const shape = new Shape(record, this.#redact);
    // If an application has more call sites, the table is cleared and filled again.
    if (this.#shapes.length >= MAX_SHAPES) this.#shapes = [];
    this.#shapes.push(shape);
    return shape;
  }
}

/** Longer keys are truncated; a reader cannot distinguish two keys with the same first 512 characters. */
const MAX_KEY_LENGTH = 512;

/** Writes a key: a trace id as 16 bytes, any other key as a string. */
export function writeKey(out: ByteWriter, key: string): void {
  const at = out.at;
  out.byte(1);
  if (!/^[0-9a-f]{32}$/.test(key) || !out.hex(key, 16)) {
    out.at = at;
    out.byte(0);
    out.text(key.slice(0, MAX_KEY_LENGTH));
  }
}
