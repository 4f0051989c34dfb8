import { types } from 'node:util';
import { crc32, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import {
  CONTENT_OTLP,
  type DataFrame,
  decodeClientFrame,
  decodeReply,
  ENCODING_GZIP,
  ENCODING_IDENTITY,
  encodeData,
  encodeHello,
  encodeReply,
  FrameError,
  type FrameErrorCause,
  hasOwner,
  isOwner,
  newProducer,
  type Reply,
  unpackBody,
} from '../../src/frames/index.ts';

const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
const number = fc.maxSafeNat();
const uint32 = fc.nat({ max: 0xffff_ffff });

const dataFrame: fc.Arbitrary<DataFrame> = fc
  .record({
    producer: id,
    numbers: fc.tuple(number, number).filter(([a, b]) => a !== b),
    records: uint32.filter((n) => n > 0),
    encoding: fc.constantFrom(ENCODING_IDENTITY, ENCODING_GZIP),
    length: uint32.filter((n) => n > 0),
    body: fc.uint8Array({ maxLength: 300 }),
  })
  .map(({ numbers, ...rest }) => ({
    kind: 'data',
    ...rest,
    contentType: CONTENT_OTLP,
    seq: Math.max(...numbers),
    prev: Math.min(...numbers),
  }));

const reply: fc.Arbitrary<Reply> = fc
  .tuple(
    fc.record({ journal: id, producer: id }),
    fc.oneof(
      fc.record({ kind: fc.constant('welcome' as const), last: number, credit: uint32, maxBytes: uint32 }),
      fc.record({ kind: fc.constant('ack' as const), last: number, credit: uint32 }),
      fc.record({ kind: fc.constant('nack' as const), last: number }),
      fc.record({ kind: fc.constant('retry' as const), last: number, afterMillis: uint32 }),
      fc.record({ kind: fc.constant('reject' as const), seq: number, cause: fc.string({ maxLength: 50 }) }),
    ),
  )
  .map(([head, body]) => ({ ...head, ...body }));

const hello = fc.record({
  kind: fc.constant('hello' as const),
  producer: id,
  secret: fc.option(id, { nil: undefined }),
  last: number,
});

/** Buffers of their own, as received bytes are. */
const sent = (parts: readonly Uint8Array[]) => parts.map((part) => Buffer.from(part));

/** Each message with its decoder. */
const message = fc.oneof(
  dataFrame.map((frame) => ({ parts: sent(encodeData(frame)), decode: decodeClientFrame })),
  hello.map((frame) => ({ parts: sent(encodeHello(frame)), decode: decodeClientFrame })),
  reply.map((frame) => ({ parts: sent(encodeReply(frame)), decode: decodeReply })),
);

function faultOf(call: () => unknown): FrameErrorCause {
  try {
    call();
  } catch (error) {
    if (error instanceof FrameError) return error.cause;
    throw error;
  }
  throw new Error('it was accepted');
}

/** Turns view types of any kind into plain arrays, so that only the bytes are compared. */
const plain = (frame: object) =>
  Object.fromEntries(
    Object.entries(frame).map(([key, value]) => [key, value instanceof Uint8Array ? [...value] : value]),
  );

test('decoding a batch reverses encoding', () => {
  fc.assert(
    fc.property(dataFrame, (frame) => {
      expect(plain(decodeClientFrame(sent(encodeData(frame))))).toEqual(
        plain({ ...frame, bodyCrc: crc32(frame.body) }),
      );
    }),
  );
});

test('decoding a HELLO reverses encoding', () => {
  fc.assert(
    fc.property(hello, (frame) => {
      expect(plain(decodeClientFrame(sent(encodeHello(frame))))).toEqual(plain(frame));
    }),
  );
});

test('decoding a reply reverses encoding', () => {
  fc.assert(
    fc.property(reply, (frame) => {
      expect(plain(decodeReply(sent(encodeReply(frame))))).toEqual(plain(frame));
    }),
  );
});

test('any flipped bit is detected', () => {
  fc.assert(
    fc.property(message, fc.nat(), fc.nat({ max: 7 }), ({ parts, decode }, at, bit) => {
      const total = parts.reduce((sum, part) => sum + part.length, 0);
      let place = at % total;
      for (const part of parts) {
        if (place < part.length) {
          part[place]! ^= 1 << bit;
          break;
        }
        place -= part.length;
      }
      faultOf(() => decode(parts));
    }),
    { numRuns: 2_000 },
  );
});

test('any truncated, missing or additional frame is detected', () => {
  fc.assert(
    fc.property(message, fc.nat({ max: 2 }), fc.nat(), ({ parts, decode }, which, at) => {
      faultOf(() => decode(parts.slice(0, which)));
      faultOf(() => decode([...parts, Buffer.alloc(0)]));
      const part = parts[which]!;
      if (part.length === 0) return;
      const cut = parts.with(which, part.subarray(0, at % part.length));
      faultOf(() => decode(cut));
    }),
    { numRuns: 1_000 },
  );
});

test('any other bytes are refused with a FrameError, never with another error', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), (parts) => {
      faultOf(() => decodeClientFrame(parts));
      faultOf(() => decodeReply(parts));
    }),
  );
});

const frame: DataFrame = {
  kind: 'data',
  producer: new Uint8Array(16).fill(7),
  seq: 2,
  prev: 1,
  records: 3,
  contentType: CONTENT_OTLP,
  encoding: ENCODING_IDENTITY,
  length: 5,
  body: Buffer.from('hello'),
};

test('the layout matches docs/wire.md', () => {
  const [magic, header, body] = encodeData(frame);
  expect(Buffer.from(magic!).toString()).toBe('DL1');
  expect(Buffer.from(header!.subarray(0, 44)).toString('hex')).toBe(
    `01010100${'07'.repeat(16)}00000000000000020000000000000001${'00000003'}${'00000005'}`,
  );
  const checksum = crc32(header!.subarray(0, 44), crc32('hello'));
  expect(Buffer.from(header!).readUInt32BE(44)).toBe(checksum);
  expect(body).toBe(frame.body);
});

const ids = { journal: new Uint8Array(16).fill(5), producer: new Uint8Array(16).fill(7) };

test.each<[Reply, string]>([
  [
    { ...ids, kind: 'welcome', last: 258, credit: 8, maxBytes: 65_536 },
    '0b 0000000000000102 00000008 00010000',
  ],
  [{ ...ids, kind: 'ack', last: 2 ** 52, credit: 9 }, '0c 0010000000000000 00000009 00000000'],
  [{ ...ids, kind: 'nack', last: 3 }, '0d 0000000000000003 00000000 00000000'],
  [{ ...ids, kind: 'retry', last: 4, afterMillis: 1_000 }, '0e 0000000000000004 000003e8 00000000'],
  [{ ...ids, kind: 'reject', seq: 5, cause: 'too_large' }, '0f 0000000000000005 00000000 00000000'],
])('so is that of the answer %j', (answer, expected) => {
  const [magic, header, body] = sent(encodeReply(answer)) as [Buffer, Buffer, Buffer];
  const [type, number, ...rest] = expected.split(' ');
  expect(magic.toString()).toBe('DL1');
  expect(header.toString('hex', 0, 52)).toBe(
    `01${type}0000${'05'.repeat(16)}${'07'.repeat(16)}${number}${rest.join('')}`,
  );
  expect(body.toString()).toBe(answer.kind === 'reject' ? 'too_large' : '');
  expect(header.readUInt32BE(52)).toBe(crc32(header.subarray(0, 52), crc32(body)));
});

test('the smallest and the largest numbers are accepted', () => {
  const smallest = { ...frame, seq: 1, prev: 0, records: 1, length: 1, body: Buffer.from('x') };
  const largest = {
    ...frame,
    seq: 2 ** 53 - 1,
    prev: 2 ** 53 - 2,
    records: 2 ** 32 - 1,
    length: 2 ** 32 - 1,
  };
  for (const each of [smallest, largest]) {
    expect(decodeClientFrame(sent(encodeData(each)))).toMatchObject({ seq: each.seq, prev: each.prev });
  }
  expect(() => encodeData({ ...frame, producer: new Uint8Array(15) })).toThrow(
    'an id must have 16 bytes, got 15',
  );
});

test('a reply of an unknown type, with an unexpected body, or with a cause that is too long is refused', () => {
  const seal = (answer: Reply, body: Buffer, type?: number) => {
    const header = Buffer.from(encodeReply(answer)[1]!);
    header[1] = type ?? header[1]!;
    header.writeUInt32BE(crc32(header.subarray(0, 52), crc32(body)), 52);
    return [Buffer.from('DL1'), header, body];
  };
  const ack: Reply = { ...ids, kind: 'ack', last: 1, credit: 1 };
  const reject: Reply = { ...ids, kind: 'reject', seq: 1, cause: '' };
  expect(faultOf(() => decodeReply(seal(ack, Buffer.alloc(0), 16)))).toBe('unknown');
  expect(faultOf(() => decodeReply(seal(ack, Buffer.alloc(1))))).toBe('malformed');
  expect(faultOf(() => decodeReply(seal(reject, Buffer.alloc(201))))).toBe('malformed');
  expect(decodeReply(seal(reject, Buffer.alloc(200, 'x')))).toMatchObject({ cause: 'x'.repeat(200) });
  // Longer causes are truncated when they are encoded.
  expect(decodeReply(sent(encodeReply({ ...reject, cause: 'y'.repeat(300) })))).toMatchObject({
    cause: 'y'.repeat(200),
  });
});

/** A header written by hand, with a valid checksum. */
function forged(change: (header: Buffer) => void, body: Buffer = Buffer.from('hello')): Uint8Array[] {
  const header = Buffer.from(encodeData(frame)[1]!);
  change(header);
  header.writeUInt32BE(crc32(header.subarray(0, header.length - 4), crc32(body)), header.length - 4);
  return [Buffer.from('DL1'), header, body];
}

test.each<[string, FrameErrorCause, (header: Buffer) => void]>([
  ['a version from the future', 'version', (header) => (header[0] = 2)],
  ['a type from the future', 'unknown', (header) => (header[1] = 9)],
  ['a seq of 0', 'malformed', (header) => header.fill(0, 20, 36)],
  ['a prev that is not below seq', 'malformed', (header) => header.writeBigUInt64BE(2n, 28)],
  ['a seq of 2^53', 'malformed', (header) => header.writeBigUInt64BE(2n ** 53n, 20)],
  ['no records', 'malformed', (header) => header.writeUInt32BE(0, 36)],
  ['no length', 'malformed', (header) => header.writeUInt32BE(0, 40)],
])('%s is refused', (_what, fault, change) => {
  expect(faultOf(() => decodeClientFrame(forged(change)))).toBe(fault);
});

test('a HELLO with a body, and an empty header, are refused', () => {
  const [magic, header] = sent(encodeHello({ producer: ids.producer, last: 0 })) as [Buffer, Buffer];
  const body = Buffer.from('x');
  header.writeUInt32BE(crc32(header.subarray(0, 44), crc32(body)), 44);
  expect(faultOf(() => decodeClientFrame([magic, header, body]))).toBe('malformed');
  expect(faultOf(() => decodeClientFrame([magic, Buffer.alloc(0), body]))).toBe('malformed');
});

test('decompressing a body reverses compression', () => {
  const text = Buffer.from('a batch '.repeat(1000));
  const packed = { ...frame, encoding: ENCODING_GZIP, length: text.length, body: gzipSync(text) };
  expect(Buffer.compare(unpackBody(packed, text.length) as Uint8Array, text)).toBe(0);
});

test('a large body is decompressed on another thread, with the same bounds', async () => {
  for (const [bytes, isLarge] of [
    [131_072, false],
    [131_073, true],
  ] as const) {
    const zeros = { ...frame, encoding: ENCODING_GZIP, length: bytes, body: gzipSync(Buffer.alloc(bytes)) };
    expect(types.isPromise(unpackBody(zeros, bytes))).toBe(isLarge);
  }
  const text = Buffer.from('a batch '.repeat(100_000));
  const packed = { ...frame, encoding: ENCODING_GZIP, length: text.length, body: gzipSync(text) };
  expect(Buffer.compare(await unpackBody(packed, text.length), text)).toBe(0);
  for (const length of [text.length - 1, text.length + 1]) {
    await expect(unpackBody({ ...packed, length }, 2 * length)).rejects.toMatchObject({ cause: 'encoding' });
  }
  const short = unpackBody({ ...packed, length: text.length + 1 }, 2 * text.length);
  await expect(short).rejects.toThrow(
    `the body has ${text.length} bytes, the header declares ${text.length + 1}`,
  );
  // A body of exactly the maximum size is accepted.
  expect(await unpackBody(packed, text.length)).toHaveLength(text.length);
});

test('only the secret of a producer allows to continue it', () => {
  const { id: own, secret } = newProducer();
  expect(hasOwner(own)).toBe(true);
  expect(isOwner(own, secret)).toBe(true);
  expect(isOwner(own, newProducer().secret)).toBe(false);
  expect(isOwner(own, own)).toBe(false);
  expect(hasOwner(Buffer.alloc(16, 7))).toBe(false);
  expect(newProducer().id).not.toEqual(own);
});

test.each<[string, FrameErrorCause, Partial<DataFrame>]>([
  ['declares more than is taken', 'too_large', { length: 1001 }],
  ['is longer than declared', 'encoding', { length: 4 }],
  ['is shorter than declared', 'encoding', { length: 6 }],
  ['has an unknown encoding', 'unknown', { encoding: 2 }],
  ['is not gzip', 'encoding', { encoding: ENCODING_GZIP }],
  [
    'unpacks to more than declared, a bomb',
    'encoding',
    { encoding: ENCODING_GZIP, length: 999, body: gzipSync(Buffer.alloc(1_000_000)) },
  ],
  [
    'unpacks to less than declared',
    'encoding',
    { encoding: ENCODING_GZIP, length: 999, body: gzipSync(Buffer.alloc(998)) },
  ],
  [
    'is cut in its middle',
    'encoding',
    { encoding: ENCODING_GZIP, length: 998, body: gzipSync(Buffer.alloc(998)).subarray(0, 20) },
  ],
])('a body that %s is refused', (_what, fault, change) => {
  expect(faultOf(() => unpackBody({ ...frame, ...change }, 1000))).toBe(fault);
});
