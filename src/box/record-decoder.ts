import type { HrTime, SpanContext } from '@opentelemetry/api';
import type { InstrumentationScopeLike, ReadableLogRecordLike, ResourceLike } from '../record/index.ts';
import type { ByteReader } from './byte-reader.ts';
import { Bit } from './layout.ts';

/** A record of a box and its key. */
export interface BoxRecord {
  readonly record: ReadableLogRecordLike;
  readonly key: string;
  /** The delivery number of a loud record; 0 for a held one. */
  readonly delivery: number;
}

interface Shape {
  readonly resource: ResourceLike;
  readonly scope: InstrumentationScopeLike;
  readonly severityNumber: number | undefined;
  readonly severityText: string | undefined;
  readonly eventName: string | undefined;
  readonly dropped: number;
  readonly keys: readonly string[];
  body: unknown;
  readonly values: unknown[];
}

const MILLIS = 1_000;
const NANOSECONDS = 1_000_000;

/** Reads the records of one frame. Throws if the bytes are invalid. */
export class RecordDecoder {
  readonly #resources: readonly ResourceLike[];
  readonly #shapes: Shape[] = [];
  readonly #contexts: (SpanContext | undefined)[] = [undefined];
  #shape: Shape | undefined;
  #context: SpanContext | undefined;
  #millis: number;
  #delivery = 0;

  constructor(resources: readonly ResourceLike[], millis: number) {
    this.#resources = resources;
    this.#millis = millis;
  }

  /** @param bits the first byte of the entry */
  read(input: ByteReader, bits: number): BoxRecord {
    if ((bits & Bit.SAME_CONTEXT) === 0) this.#context = this.#readContext(input);
    if ((bits & Bit.SAME_SHAPE) === 0) this.#shape = this.#readShape(input);
    const context = this.#context;
    const shape = this.#shape;
    if (shape === undefined) throw new RangeError('a record without a shape');
    const key = (bits & Bit.KEY) === 0 ? (context?.traceId ?? '') : readKey(input);
    if ((bits & Bit.LOUD) !== 0) this.#delivery += input.signed();
    const isFine = (bits & Bit.NANOSECONDS) !== 0;
    this.#millis += input.signed();
    const hrTime = timeOf(this.#millis, isFine ? input.varint() : 0);
    const hrTimeObserved =
      (bits & Bit.OBSERVED) === 0
        ? hrTime
        : timeOf(this.#millis + input.signed(), isFine ? input.varint() : 0);
    shape.body = input.value(shape.body);
    const attributes: Record<string, unknown> = {};
    const { keys, values } = shape;
    for (let index = 0; index < keys.length; index += 1) {
      const value = input.value(values[index]);
      values[index] = value;
      if (keys[index] !== '__proto__') attributes[keys[index]!] = value;
    }
    const record: ReadableLogRecordLike = {
      hrTime,
      hrTimeObserved,
      spanContext: context,
      body: shape.body,
      attributes,
      severityNumber: shape.severityNumber,
      severityText: shape.severityText,
      eventName: shape.eventName,
      resource: shape.resource,
      instrumentationScope: shape.scope,
      droppedAttributesCount: shape.dropped,
    };
    return { record, key, delivery: (bits & Bit.LOUD) === 0 ? 0 : this.#delivery };
  }

  #readContext(input: ByteReader): SpanContext | undefined {
    const index = input.varint();
    if (index < this.#contexts.length) return this.#contexts[index];
    if (index > this.#contexts.length) throw new RangeError('an undefined span context');
    const context = { traceId: input.hex(16), spanId: input.hex(8), traceFlags: input.byte() };
    this.#contexts.push(context);
    return context;
  }

  #readShape(input: ByteReader): Shape {
    const index = input.varint();
    const known = this.#shapes[index];
    if (known !== undefined) return known;
    if (index !== this.#shapes.length) throw new RangeError('an undefined shape');
    const resource = this.#resources[input.varint()] ?? { attributes: {} };
    const [name, version, schemaUrl] = [
      input.value(undefined),
      input.value(undefined),
      input.value(undefined),
    ];
    const shape: Shape = {
      resource,
      scope: {
        name: String(name),
        ...(version === undefined ? {} : { version: String(version) }),
        ...(schemaUrl === undefined ? {} : { schemaUrl: String(schemaUrl) }),
      },
      severityNumber: input.value(undefined) as number | undefined,
      severityText: input.value(undefined) as string | undefined,
      eventName: input.value(undefined) as string | undefined,
      dropped: Number(input.value(undefined)),
      keys: Array.from({ length: boundedCount(input) }, () => input.text()),
      body: undefined,
      values: [],
    };
    this.#shapes.push(shape);
    return shape;
  }
}

function boundedCount(input: ByteReader): number {
  const count = input.varint();
  if (count > 65_536) throw new RangeError('too many attributes');
  return count;
}

/** Reads a key that `writeKey` wrote. */
export function readKey(input: ByteReader): string {
  return input.byte() === 1 ? input.hex(16) : input.text();
}

function timeOf(millis: number, nanoseconds: number): HrTime {
  const seconds = Math.floor(millis / MILLIS);
  return [seconds, (millis - seconds * MILLIS) * NANOSECONDS + nanoseconds];
}
