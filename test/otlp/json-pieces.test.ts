import fc from 'fast-check';
import {
  type DecodedLogs,
  decodeJsonLogs,
  decodeLogs,
  encodeJsonLogs,
  WireError,
} from '../../src/otlp/index.ts';
import { jsonPieces } from '../../src/otlp/json-pieces.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { flatLogs } from './amplifying.ts';

const MIB = 2 ** 20;
const noPause = () => Promise.resolve();

/** Reads in pieces of this many bytes. */
async function read(text: string, pieceBytes: number): Promise<DecodedLogs> {
  return decodeLogs((await encodeJsonLogs(Buffer.from(text), noPause, pieceBytes)).body);
}

const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom('"', '\\', '\\"', '{', '}', '[', ']', ',', 'ü€'),
);
const attributes = fc.array(fc.record({ key: text, value: fc.record({ stringValue: text }) }), {
  maxLength: 3,
});
const record = fc.record({ body: fc.record({ stringValue: text }), attributes, eventName: text });
const list = <T>(item: fc.Arbitrary<T>) => fc.array(fc.option(item, { freq: 9 }), { maxLength: 4 });
const either = (camel: string, value: fc.Arbitrary<unknown>) =>
  fc.tuple(fc.boolean(), value).map(([isCamel, is]) => ({
    [isCamel ? camel : camel.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`)]: is,
  }));
/** Members in any order: the list may stand before what belongs to it. */
const object = (members: fc.Arbitrary<object>, records: fc.Arbitrary<object>) =>
  fc
    .tuple(fc.boolean(), members, records)
    .map(([isFirst, own, lists]) => (isFirst ? { ...lists, ...own } : { ...own, ...lists }));
const scopeLogs = object(
  fc.record({ scope: fc.record({ name: text, attributes }), schemaUrl: text }),
  either('logRecords', list(record)),
);
const resourceLogs = object(
  fc.record({ resource: fc.record({ attributes }), other: fc.jsonValue() }),
  either('scopeLogs', list(scopeLogs)),
);
const request = object(
  fc.record({ other: fc.jsonValue() }),
  either('resourceLogs', list(resourceLogs)),
).chain((json) => fc.constantFrom(JSON.stringify(json), ` ${JSON.stringify(json, null, 2)}\n`));

test('a request that is read in pieces has the same content as one read as a whole, wherever it is split', async () => {
  await fc.assert(
    fc.asyncProperty(request, fc.integer({ min: 1, max: 200 }), async (json, pieceBytes) => {
      expectEqual(flatLogs([await read(json, pieceBytes)]), flatLogs([decodeJsonLogs(json)]));
    }),
    { numRuns: 300 },
  );
});

test('a list that is named twice counts once, also if its name is escaped', async () => {
  const records = (texts: readonly string[]) =>
    `[{"scopeLogs":[{"logRecords":[${texts.map((text) => `{"body":{"stringValue":"${text}"}}`)}]}]}]`;
  // Long enough to be split, although each piece also contains the other list.
  const one = records(Array.from({ length: 40 }, (_, at) => `one ${at}`));
  const other = records(['two']);
  for (const [first, second] of [
    ['resourceLogs', 'resourceLogs'],
    ['resourceLogs', 'resource_logs'],
    ['resourceLogs', 'resourceLog\\u0073'],
    ['resourceLog\\u0073', 'resourceLogs'],
  ]) {
    const json = `{"${first}":${one},"${second}":${other}}`;
    expect(flatLogs([await read(json, 60)])).toEqual(flatLogs([decodeJsonLogs(json)]));
  }
});

test('invalid OTLP/JSON is refused in pieces as it is as a whole', async () => {
  const damage = fc.tuple(fc.nat(), fc.constantFrom('', ',', '}', ']', '{', '[', '"', ':', '\\', '1', ' '));
  await fc.assert(
    fc.asyncProperty(
      request,
      fc.integer({ min: 1, max: 200 }),
      damage,
      async (json, pieceBytes, [at, by]) => {
        const place = at % (json.length + 1);
        const damaged = json.slice(0, place) + by + json.slice(by === '' ? place + 1 : place);
        let expected: unknown;
        try {
          expected = flatLogs([decodeJsonLogs(damaged)]);
        } catch (error) {
          expected = (error as WireError).cause;
        }
        const found = await read(damaged, pieceBytes).then(
          (logs) => flatLogs([logs]),
          (error) => (error as WireError).cause,
        );
        expectEqual(found, expected);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('no piece is much larger than asked for, and all together have at most about twice the bytes', () => {
  const records = Array.from({ length: 20_000 }, (_, at) => ({ body: { stringValue: `record ${at}` } }));
  const resource = { attributes: [{ key: 'long', value: { stringValue: 'x'.repeat(100_000) } }] };
  const json = Buffer.from(
    JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: records }] }] }),
  );

  const pieces = [...jsonPieces(json, 50_000)].filter((piece) => piece !== undefined);

  expect(pieces.length).toBeGreaterThan(4);
  expect(Math.max(...pieces.map((piece) => piece.json.length))).toBeLessThan(2 * 150_000 + 10_000);
  expect(pieces.reduce((sum, piece) => sum + piece.json.length, 0)).toBeLessThan(2 * json.length + 150_000);
});

test('an error in a later piece names the start of the piece; nothing is kept of the others', async () => {
  const good = { body: { stringValue: 'x'.repeat(100) } };
  const json = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [good, good, { body: 1 }] }] }] });

  await expect(read(json, 100)).rejects.toThrow(
    /^in the part from byte \d+: resourceLogs\[0\]\.scopeLogs\[0\]\.logRecords\[0\]\.body must be an object, got 1$/,
  );
});

test('8 MiB of records are read a piece at a time: others get their turn, and few are objects at once', async () => {
  const one = JSON.stringify({
    timeUnixNano: '1760000000000000000',
    body: { stringValue: 'x'.repeat(400) },
    attributes: [{ key: 'order', value: { intValue: 4 } }],
  });
  const count = Math.floor((8 * MIB) / (one.length + 1));
  const json = Buffer.from(
    `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${new Array(count).fill(one).join(',')}]}]}]}`,
  );
  let pauses = 0;

  const { body } = await encodeJsonLogs(json, async () => {
    pauses += 1;
  });

  expect(decodeLogs(body).resources.reduce((sum, each) => sum + each.scopes[0]!.records.length, 0)).toBe(
    count,
  );
  expect(pauses).toBeGreaterThan(30);
});

test('values are bounded in each piece: of 3 MiB of empty attributes no object is made', async () => {
  const values = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[${'{},'.repeat(MIB)}{}]}]}]}]}`;

  const refused = await encodeJsonLogs(Buffer.from(values), noPause).catch((error: unknown) => error);

  expect(refused).toBeInstanceOf(WireError);
  expect((refused as WireError).cause).toBe('too_large');
});
