import type { AnyValue, DecodedLogRecord, DecodedLogs, KeyValue } from '../../src/otlp/index.ts';
import { type Field, readFields } from '../support/protobuf-reader.js';
import { randomNumbers } from '../support/wire-fuzz.js';

type Random = (below: number) => number;

/** Writes requests that the specification allows but no sender writes: the same request for the same seed. */
export class AnyRequest {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = randomNumbers(seed * 2_654_435_761 + 1);
    for (let each = 0; each < 8; each += 1) this.#next();
  }

  readonly #below: Random = (below) => this.#next() % below;

  request(): Buffer {
    return this.#message(20, [this.#some(3, () => this.#bytes(1, this.#resourceLogs()))]);
  }

  #resourceLogs(): Buffer {
    return this.#message(20, [
      this.#some(2, () => this.#bytes(1, this.#resource())),
      this.#some(3, () => this.#bytes(2, this.#scopeLogs())),
      this.#some(1, () => this.#bytes(3, this.#text())),
    ]);
  }

  #resource(): Buffer {
    return this.#message(20, [
      this.#some(3, () => this.#bytes(1, this.#keyValue(2))),
      this.#some(1, () => this.#number(2)),
    ]);
  }

  #scopeLogs(): Buffer {
    return this.#message(20, [
      this.#some(2, () => this.#bytes(1, this.#scope())),
      this.#some(5, () => this.#bytes(2, this.#record())),
      this.#some(1, () => this.#bytes(3, this.#text())),
    ]);
  }

  #scope(): Buffer {
    return this.#message(20, [
      this.#some(1, () => this.#bytes(1, this.#text())),
      this.#some(1, () => this.#bytes(2, this.#text())),
      this.#some(2, () => this.#bytes(3, this.#keyValue(1))),
      this.#some(1, () => this.#number(4)),
    ]);
  }

  #record(): Buffer {
    return this.#message(20, [
      this.#some(1, () => this.#fixed(1, 8)),
      this.#some(1, () => this.#number(2)),
      this.#some(1, () => this.#bytes(3, this.#text())),
      this.#some(2, () => this.#bytes(5, this.#value(4))),
      this.#some(4, () => this.#bytes(6, this.#keyValue(3))),
      this.#some(1, () => this.#number(7)),
      this.#some(1, () => this.#fixed(8, 4)),
      this.#some(1, () => this.#bytes(9, this.#id(16))),
      this.#some(1, () => this.#bytes(10, this.#id(8))),
      this.#some(1, () => this.#fixed(11, 8)),
      this.#some(1, () => this.#bytes(12, this.#text())),
    ]);
  }

  #keyValue(depth: number): Buffer {
    // Most of them in the usual encoding.
    if (this.#below(2) === 0) {
      return Buffer.concat([this.#bytes(1, this.#key()), this.#bytes(2, this.#value(depth))]);
    }
    return this.#message(20, [
      this.#some(1, () => this.#bytes(1, this.#key())),
      this.#some(1, () => this.#bytes(2, this.#value(depth))),
    ]);
  }

  /** A oneof that may be set twice, or not at all. */
  #value(depth: number): Buffer {
    const one = () => {
      switch (this.#below(depth > 0 ? 8 : 5)) {
        case 0:
        case 1:
          return this.#bytes(1, this.#text());
        case 2:
          return Buffer.concat([this.#varint(2 << 3), this.#varint(this.#integer())]);
        case 3:
          return Buffer.concat([this.#varint(3 << 3), this.#varint(this.#integer())]);
        case 4:
          return this.#below(2) === 0 ? this.#fixed(4, 8) : this.#bytes(7, this.#noise(this.#below(20)));
        case 5:
        case 6:
          return this.#bytes(
            5,
            this.#message(40, [this.#some(3, () => this.#bytes(1, this.#value(depth - 1)))]),
          );
        default:
          return this.#bytes(
            6,
            this.#message(40, [this.#some(3, () => this.#bytes(1, this.#keyValue(depth - 1)))]),
          );
      }
    };
    return this.#below(8) === 0 ? this.#message(20, [this.#some(2, one)]) : one();
  }

  /** Fields in any order, mixed with unknown ones. @param unknown one in this many messages has some */
  #message(unknown: number, lists: readonly (readonly Buffer[])[]): Buffer {
    const fields = lists.flat();
    if (this.#below(unknown) === 0) fields.push(...this.#some(2, () => this.#unknown()));
    if (this.#below(3) === 0) {
      for (let at = fields.length - 1; at > 0; at -= 1) {
        const other = this.#below(at + 1);
        [fields[at], fields[other]] = [fields[other]!, fields[at]!];
      }
    }
    return Buffer.concat(fields);
  }

  /** @returns a number up to this bound, occasionally one more */
  #some(most: number, make: () => Buffer): Buffer[] {
    const count = this.#below(most + 1) + (this.#below(20) === 0 ? 1 : 0);
    return Array.from({ length: count }, make);
  }

  #unknown(): Buffer {
    const number = [13, 15, 16, 17, 100, 2 ** 29 - 1][this.#below(6)]!;
    const tag = (wireType: number) => this.#varint(BigInt(number) * 8n + BigInt(wireType));
    switch (this.#below(4)) {
      case 0:
        return Buffer.concat([tag(0), this.#varint(this.#integer())]);
      case 1:
        return Buffer.concat([tag(1), this.#noise(8)]);
      case 2:
        return this.#bytes(number, this.#noise(this.#below(30)));
      default:
        return Buffer.concat([tag(5), this.#noise(4)]);
    }
  }

  #bytes(number: number, content: Uint8Array): Buffer {
    return Buffer.concat([this.#varint(BigInt(number) * 8n + 2n), this.#varint(content.length), content]);
  }

  #number(number: number): Buffer {
    return Buffer.concat([this.#varint(number << 3), this.#varint(this.#integer())]);
  }

  #fixed(number: number, length: 4 | 8): Buffer {
    const special = [0n, 1n, 2n ** 63n, 2n ** 64n - 1n, 0x7ff0000000000000n, 0x4000000000000000n, 2n ** 53n];
    const content = Buffer.alloc(8);
    content.writeBigUInt64LE(special[this.#below(special.length)]!);
    const bytes = this.#below(2) === 0 ? this.#noise(length) : content.subarray(0, length);
    return Buffer.concat([this.#varint((number << 3) | (length === 8 ? 1 : 5)), bytes]);
  }

  /** Occasionally longer than necessary. */
  #varint(value: number | bigint): Buffer {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    if (this.#below(40) === 0) {
      const wanted = 1 + this.#below(10);
      while (bytes.length < wanted) {
        bytes[bytes.length - 1]! |= 0x80;
        bytes.push(0);
      }
    }
    return Buffer.from(bytes);
  }

  #integer(): bigint {
    const shift = BigInt(this.#below(65));
    const edge = 1n << shift;
    return BigInt.asUintN(64, [edge, edge - 1n, edge + 1n, -edge, ~edge, 0n][this.#below(6)]!);
  }

  #key(): Uint8Array {
    const keys = ['a', 'b', 'key', 'ä', '__proto__', 'x'.repeat(130), ''];
    return this.#below(8) === 0 ? this.#text() : Buffer.from(keys[this.#below(keys.length)]!);
  }

  #text(): Uint8Array {
    switch (this.#below(6)) {
      case 0:
        return this.#noise(this.#below(40));
      case 1:
        return Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x9a, 0x9a, 0xc0, 0x80]);
      case 2:
        return Buffer.from('ü€🚚"\\\n\u2028'.repeat(this.#below(30)));
      default:
        return Buffer.from('text'.repeat(this.#below(40)).slice(this.#below(4)));
    }
  }

  #id(length: number): Uint8Array {
    return [this.#noise(length), Buffer.alloc(length), Buffer.alloc(0)][this.#below(3)]!;
  }

  #noise(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#below(256)));
  }
}

type Message = (field: Field) => void;

function each(bytes: Uint8Array, read: Message): void {
  for (const field of readFields(bytes)) read(field);
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const asBytes = ({ value }: Field) => value as Uint8Array;
const asText = (field: Field) => utf8.decode(asBytes(field));
const asNumber = ({ value }: Field, bits: number) => Number(BigInt.asUintN(bits, value as bigint));

function asId(field: Field): string {
  const hex = Buffer.from(asBytes(field)).toString('hex');
  return /[^0]/.test(hex) ? hex : '';
}

function exact(value: bigint): number | bigint {
  return value >= -(2n ** 53n) + 1n && value <= 2n ** 53n - 1n ? Number(value) : value;
}

/** Reads a request in the simplest way, by the field numbers of the specification. */
export function plainly(request: Uint8Array): DecodedLogs {
  const resources: DecodedLogs['resources'][number][] = [];
  each(request, (field) => {
    if (field.number === 1) resources.push(resourceLogs(asBytes(field)));
  });
  return { resources };
}

function resourceLogs(bytes: Uint8Array): DecodedLogs['resources'][number] {
  const attributes: KeyValue[] = [];
  const scopes: ReturnType<typeof scopeLogs>[] = [];
  let [droppedAttributesCount, schemaUrl] = [0, ''];
  each(bytes, (field) => {
    if (field.number === 1) {
      each(asBytes(field), (inner) => {
        if (inner.number === 1) attributes.push(keyValue(asBytes(inner)));
        if (inner.number === 2) droppedAttributesCount = asNumber(inner, 32);
      });
    }
    if (field.number === 2) scopes.push(scopeLogs(asBytes(field)));
    if (field.number === 3) schemaUrl = asText(field);
  });
  return { attributes, droppedAttributesCount, schemaUrl, scopes };
}

function scopeLogs(bytes: Uint8Array) {
  const attributes: KeyValue[] = [];
  const records: DecodedLogRecord[] = [];
  let [name, version, schemaUrl, droppedAttributesCount] = ['', '', '', 0];
  each(bytes, (field) => {
    if (field.number === 1) {
      each(asBytes(field), (inner) => {
        if (inner.number === 1) name = asText(inner);
        if (inner.number === 2) version = asText(inner);
        if (inner.number === 3) attributes.push(keyValue(asBytes(inner)));
        if (inner.number === 4) droppedAttributesCount = asNumber(inner, 32);
      });
    }
    if (field.number === 2) records.push(logRecord(asBytes(field)));
    if (field.number === 3) schemaUrl = asText(field);
  });
  return { name, version, attributes, droppedAttributesCount, schemaUrl, records };
}

function logRecord(bytes: Uint8Array): DecodedLogRecord {
  const attributes: KeyValue[] = [];
  const record = {
    ...{ timeUnixNano: 0n, observedTimeUnixNano: 0n, severityNumber: 0, severityText: '' },
    ...{ body: undefined as AnyValue | undefined, attributes, droppedAttributesCount: 0, flags: 0 },
    ...{ traceId: '', spanId: '', eventName: '' },
  };
  each(bytes, (field) => {
    if (field.number === 1) record.timeUnixNano = field.value as bigint;
    if (field.number === 2) record.severityNumber = asNumber(field, 32) | 0;
    if (field.number === 3) record.severityText = asText(field);
    if (field.number === 5) record.body = anyValue(asBytes(field), record.body ?? null);
    if (field.number === 6) attributes.push(keyValue(asBytes(field)));
    if (field.number === 7) record.droppedAttributesCount = asNumber(field, 32);
    if (field.number === 8) record.flags = field.value as number;
    if (field.number === 9) record.traceId = asId(field);
    if (field.number === 10) record.spanId = asId(field);
    if (field.number === 11) record.observedTimeUnixNano = field.value as bigint;
    if (field.number === 12) record.eventName = asText(field);
  });
  return record;
}

function keyValue(bytes: Uint8Array): KeyValue {
  let key = '';
  let value: AnyValue = null;
  each(bytes, (field) => {
    if (field.number === 1) key = asText(field);
    if (field.number === 2) value = anyValue(asBytes(field), value);
  });
  return [key, value];
}

function anyValue(bytes: Uint8Array, before: AnyValue): AnyValue {
  let value = before;
  each(bytes, (field) => {
    if (field.number === 1) value = asText(field);
    if (field.number === 2) value = field.value !== 0n;
    if (field.number === 3) value = exact(BigInt.asIntN(64, field.value as bigint));
    if (field.number === 4) value = double(field.value as bigint);
    if (field.number === 5) value = members(asBytes(field)).map((member) => anyValue(member, null));
    if (field.number === 6) value = { entries: members(asBytes(field)).map(keyValue) };
    if (field.number === 7) value = new Uint8Array(asBytes(field));
  });
  return value;
}

function double(bits: bigint): AnyValue {
  const value = new Float64Array(BigUint64Array.of(bits).buffer)[0]!;
  return Number.isInteger(value) && Math.abs(value) < 2 ** 53 ? { double: value } : value;
}

function members(bytes: Uint8Array): Uint8Array[] {
  return [...readFields(bytes)].filter(({ number }) => number === 1).map(asBytes);
}
