import { ProtobufReader, WireError } from '../../src/otlp/index.ts';
import { ProtobufWriter, varintSize } from '../../src/otlp/protobuf-writer.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const readerOf = (...bytes: readonly number[]) => new ProtobufReader(Uint8Array.from(bytes));

/** The bytes of a varint of 64 bits, by the definition. */
function bytesOf(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** Around each step in length, and each border between the parts in which a varint is read. */
const edges = [7n, 14n, 21n, 28n, 31n, 32n, 35n, 42n, 49n, 53n, 56n, 63n]
  .flatMap((bits) => [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n])
  .concat(0n, 1n, 2n ** 64n - 1n);

describe('reading', () => {
  test.each(edges)(
    'a varint of %d is an unsigned number, its lowest 32 bits, and a signed integer',
    (value) => {
      const bytes = bytesOf(value);
      const reader = readerOf(...bytes, 0x55);
      expect([reader.varint(bytes.length), reader.at]).toEqual([Number(value), bytes.length]);
      reader.at = 0;
      expect([reader.uint32(bytes.length), reader.at]).toEqual([
        Number(BigInt.asUintN(32, value)),
        bytes.length,
      ]);
      reader.at = 0;
      const signed = BigInt.asIntN(64, value);
      const expected = BigInt(Number.MIN_SAFE_INTEGER) <= signed && signed <= BigInt(Number.MAX_SAFE_INTEGER);
      expect([reader.int64(bytes.length), reader.at]).toEqual([
        expected ? Number(signed) : signed,
        bytes.length,
      ]);
    },
  );

  test.each(edges)('a negative integer of -%d is exact', (value) => {
    const signed = BigInt.asIntN(64, -value);
    const isSafe = BigInt(Number.MIN_SAFE_INTEGER) <= signed && signed <= BigInt(Number.MAX_SAFE_INTEGER);
    const bytes = bytesOf(signed);
    expect(readerOf(...bytes).int64(bytes.length)).toBe(isSafe ? Number(signed) : signed);
  });

  test('a varint may have more bytes than it needs, up to ten', () => {
    expect(readerOf(0x81, 0x80, 0x00).varint(3)).toBe(1);
    expect(readerOf(...new Array(9).fill(0x80), 0x01).varint(10)).toBe(2 ** 63);
    for (const wrong of [
      [...new Array(9).fill(0x80), 0x02],
      [...new Array(10).fill(0x80), 0x00],
      [0x80, 0x80],
      [],
    ]) {
      expect(() => readerOf(...wrong).varint(wrong.length)).toThrow(
        'a varint is truncated or longer than 64 bits at byte 0',
      );
    }
  });

  test('nothing is read past the end, although the buffer has more', () => {
    const more = [0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08];
    const at = (read: (reader: ProtobufReader) => unknown) => {
      const reader = readerOf(...more);
      expect(() => read(reader)).toThrow(WireError);
      return reader;
    };
    at((reader) => reader.tag(0));
    at((reader) => reader.varint(0));
    at((reader) => reader.fixed32(3));
    at((reader) => reader.fixed64(7));
    at((reader) => reader.double(7));
    at((reader) => reader.text(8));
    at((reader) => reader.bytes(8));
    expect(() => readerOf(0x81, 0x00).varint(1)).toThrow('truncated');
    expect(() => readerOf(5, 1, 2).lengthDelimited(3)).toThrow('expected 5 more bytes, got 2 at byte 0');
    expect(() => readerOf(1, 2, 3).fixed32(3)).toThrow('expected 4 more bytes, got 3 at byte 0');
    expect(readerOf(2, 1, 2).lengthDelimited(3)).toBe(3);
  });

  test('a tag has a field number from 1 to 2^29 - 1', () => {
    const tagOf = (number: bigint, wireType = 2n) => {
      const bytes = bytesOf((number << 3n) | wireType);
      return readerOf(...bytes).tag(bytes.length);
    };
    expect(tagOf(1n)).toBe(10);
    expect(tagOf(15n)).toBe(122);
    expect(tagOf(16n)).toBe(130);
    expect(tagOf(2n ** 29n - 1n)).toBe(2 ** 32 - 6);
    expect(() => tagOf(2n ** 29n)).toThrow('field number 536870912 is invalid at byte 0');
    expect(() => tagOf(0n)).toThrow('field number 0 is invalid at byte 0');
  });

  test('numbers of fixed width are little-endian, at any place', () => {
    const reader = readerOf(9, 1, 2, 3, 4, 5, 6, 7, 0x80, 9);
    reader.at = 1;
    expect([reader.fixed32(10), reader.at]).toEqual([0x0403_0201, 5]);
    reader.at = 1;
    expect([reader.fixed64(10), reader.at]).toEqual([0x8007_0605_0403_0201n, 9]);
    const two = readerOf(0, 0, 0, 0, 0, 0, 0, 0x40);
    expect([two.double(8), two.at]).toEqual([2, 8]);
  });

  test('bytes are a copy', () => {
    const source = Uint8Array.of(2, 7, 8);
    const copy = new ProtobufReader(source).bytes(3);
    source.fill(0);
    expect(copy).toEqual(Uint8Array.of(7, 8));
  });

  test('an id of the expected length is hex; an empty one, or one of zeros, means no id', () => {
    const idOf = (...bytes: readonly number[]) => readerOf(bytes.length, ...bytes).id(bytes.length + 1, 2);
    expect([idOf(0x0a, 0xf0), idOf(0, 1), idOf(1, 0), idOf(0, 0), idOf()]).toEqual([
      '0af0',
      '0001',
      '0100',
      '',
      '',
    ]);
    expect(() => idOf(1)).toThrow('an id must have 2 bytes or be empty, got 1 bytes at byte 0');
    expect(() => idOf(1, 2, 3)).toThrow('an id must have 2 bytes or be empty, got 3 bytes at byte 0');
  });

  test('each wire type of OTLP is skipped, others are not', () => {
    const skipped = (tag: number, ...bytes: readonly number[]) => {
      const reader = readerOf(...bytes, 1);
      reader.skip(tag, bytes.length);
      return reader.at;
    };
    expect(skipped(8 | 0, 0x80, 0x01)).toBe(2);
    expect(skipped(8 | 1, ...new Array(8).fill(0))).toBe(8);
    expect(skipped(8 | 2, 2, 0, 0)).toBe(3);
    expect(skipped(8 | 5, 0, 0, 0, 0)).toBe(4);
    for (const wireType of [3, 4, 6, 7]) {
      expect(() => skipped(8 | wireType, 0)).toThrow(`wire type ${wireType} is not used by OTLP at byte 0`);
    }
  });

  test('cached texts are correct, whatever their hash', () => {
    const words = Array.from(
      { length: 300 },
      (_, at) => 'abcdefghijklmnopqrstuvwxyz012345'.slice(0, at % 33) + (at % 7),
    );
    const texts = [
      ...words,
      ...words,
      'x'.repeat(32),
      'x'.repeat(33),
      '',
      'ü'.repeat(16),
      '\ufeffa',
      ...words,
    ];
    const bytes = Buffer.concat(
      texts.map((text) => Buffer.concat([Buffer.of(Buffer.byteLength(text)), Buffer.from(text)])),
    );
    expect(bytes.length).toBeGreaterThan(2_048);
    const reader = new ProtobufReader(bytes);
    reader.cacheTexts();
    expect(texts.map(() => reader.text(bytes.length))).toEqual(texts);
    expect(reader.at).toBe(bytes.length);
  });
});

describe('writing', () => {
  const written = (write: (out: ProtobufWriter) => void, expected = 64) => {
    const out = new ProtobufWriter(expected);
    write(out);
    return out.copy();
  };

  test.each(edges)('%d is written as a varint', (value) => {
    const signed = BigInt.asIntN(64, value);
    expect(hex(written((out) => out.putBigInt(signed)))).toBe(hex(Uint8Array.from(bytesOf(value))));
    expect(hex(written((out) => out.putBigInt(-signed)))).toBe(hex(Uint8Array.from(bytesOf(-signed))));
    if (value < 2n ** 32n) {
      expect(hex(written((out) => out.putVarint(Number(value))))).toBe(hex(Uint8Array.from(bytesOf(value))));
      expect(varintSize(Number(value))).toBe(bytesOf(value).length);
    }
    for (const number of [Number(signed), -Number(signed)].filter(Number.isSafeInteger)) {
      expect(hex(written((out) => out.putInt64(number)))).toBe(hex(Uint8Array.from(bytesOf(BigInt(number)))));
    }
  });

  test('the largest doubles that are an int64 are written as such', () => {
    expect(hex(written((out) => out.putInt64(-(2 ** 63))))).toBe(hex(Uint8Array.from(bytesOf(-(2n ** 63n)))));
    expect(hex(written((out) => out.putInt64(2 ** 62)))).toBe(hex(Uint8Array.from(bytesOf(2n ** 62n))));
  });

  test('numbers of fixed width are little-endian', () => {
    expect(hex(written((out) => out.putFixed32(0x0102_0304)))).toBe('04030201');
    expect(hex(written((out) => out.putFixed64(0x0102_0304, 0x0506_0708)))).toBe('0403020108070605');
    expect(hex(written((out) => out.putBigFixed64(2n ** 64n - 2n)))).toBe('feffffffffffffff');
    expect(hex(written((out) => out.putDouble(2)))).toBe('0000000000000040');
  });

  test('a length that needs more or fewer bytes than were reserved moves the message', () => {
    for (const length of [0, 1, 127, 128, 16_383, 16_384]) {
      for (const reserved of [1, 2, 3]) {
        const bytes = written((out) => {
          out.put(0x0a);
          const start = out.begin(reserved);
          out.raw(Buffer.alloc(length, 7), 0, length);
          out.end(start, reserved);
          out.reserve(1);
          out.put(0x55);
        });
        const expected = [0x0a, ...bytesOf(BigInt(length)), ...new Array(length).fill(7), 0x55];
        expect(Buffer.compare(bytes, Uint8Array.from(expected))).toBe(0);
      }
    }
  });

  test.each([
    ...[
      '',
      'a',
      'ü',
      '\ud800',
      'a\ud83d\ude00',
      'a'.repeat(71),
      'a'.repeat(72),
      'ü'.repeat(71),
      'ü'.repeat(72),
    ],
    ...[
      'a'.repeat(4_095),
      '漢'.repeat(4_095),
      '漢'.repeat(4_096),
      `${'a'.repeat(4_096)}ü`,
      'ü'.repeat(20_000),
    ],
  ])('a text has its length and its UTF-8, however little room there was (%#)', (text) => {
    const content = Buffer.from(text);
    const expected = Buffer.concat([Buffer.from(bytesOf(BigInt(content.length))), content]);
    for (const room of [0, 1, 10, 100_000]) {
      const bytes = written((out) => {
        out.text(text);
        out.bytes(Uint8Array.of(1, 2));
      }, room);
      expect(Buffer.compare(bytes, Buffer.concat([expected, Buffer.of(2, 1, 2)]))).toBe(0);
    }
  });

  test('a message that consists of one text is written only if the text is short and ASCII', () => {
    expect(hex(written((out) => expect(out.shortText(0x2a, 0x0a, 'hi')).toBe(true)))).toBe('2a040a026869');
    expect(hex(written((out) => expect(out.shortText(0x2a, 0x0a, '')).toBe(true)))).toBe('2a020a00');
    const longest = written((out) => expect(out.shortText(0x2a, 0x0a, 'x'.repeat(71))).toBe(true), 0);
    expect(longest).toHaveLength(71 + 4);
    for (const text of ['x'.repeat(72), 'xü', '\x80']) {
      expect(written((out) => expect(out.shortText(0x2a, 0x0a, text)).toBe(false))).toHaveLength(0);
    }
    expect(written((out) => expect(out.shortText(1, 2, '\x7f')).toBe(true))).toHaveLength(5);
  });

  test('hex digits become bytes, up to the first invalid digit', () => {
    expect(hex(written((out) => out.hex('0aFF'), 0))).toBe('020aff');
    expect(hex(written((out) => out.hex('0azz')))).toBe('010a');
    expect(hex(written((out) => out.hex('')))).toBe('00');
  });

  test('a part of other bytes is written, and nothing for an empty one', () => {
    const source = Uint8Array.of(1, 2, 3, 4);
    expect(hex(written((out) => out.raw(source, 1, 3), 0))).toBe('0203');
    expect(written((out) => out.raw(source, 3, 3))).toHaveLength(0);
    expect(written((out) => out.raw(source, 3, 1))).toHaveLength(0);
  });

  test('it grows by doubling, and at once to what one value needs', () => {
    const out = new ProtobufWriter(16);
    out.reserve(16);
    expect(out.capacity).toBe(16);
    out.at = 10;
    out.reserve(7);
    expect(out.capacity).toBe(32);
    out.reserve(1_000);
    expect(out.capacity).toBe(1_010);
  });

  test('the result is the buffer itself if at most a quarter of it is unused, otherwise a copy', () => {
    const finished = (at: number) => {
      const out = new ProtobufWriter(100);
      out.raw(Buffer.alloc(at, 7), 0, at);
      return out.finish();
    };
    expect(finished(75).buffer.byteLength).toBe(100);
    expect(finished(74).buffer.byteLength).toBe(74);
    for (const at of [0, 74, 75, 100]) expect(Buffer.compare(finished(at), Buffer.alloc(at, 7))).toBe(0);
  });

  test('a copy stays as it is when the writer is used again', () => {
    const out = new ProtobufWriter(8);
    out.put(1);
    const copy = out.copy();
    out.at = 0;
    out.put(2);
    expect([...copy, ...out.copy()]).toEqual([1, 2]);
  });
});
