import {
  causeOf,
  decodeLogs,
  isWireError,
  keepRecords,
  recordFields,
  recordRuns,
  requestPieces,
  responseBytes,
  runRequest,
  statusBytes,
  WireError,
} from '../../src/otlp/index.ts';
import { jsonPieces } from '../../src/otlp/json-pieces.ts';
import { field } from '../support/protobuf.ts';
import { flat } from './amplifying.ts';

const text = (value: string) => Buffer.from(value);
/** A record whose field has this many bytes, including tag and length. */
const recordOf = (bytes: number, letter = 'x') => field(2, field(12, Buffer.alloc(bytes - 4, letter)));
const scopeOf = (name: string, ...records: readonly Buffer[]) =>
  field(2, field(1, field(1, text(name))), ...records);
const bodies = (requests: readonly Uint8Array[]) =>
  flat(requests).map(({ scope, record }) => `${scope.name}/${record.eventName[0]}`);

describe('pieces of a request', () => {
  const request = field(1, scopeOf('s', ...[...'abcdefgh'].map((letter) => recordOf(50, letter))));

  test('are the request itself if it is small enough', () => {
    const [piece, ...others] = requestPieces(request, 8, request.length);
    expect(piece!.body).toBe(request);
    expect([piece!.records, others]).toEqual([8, []]);
  });

  test('have at most so many bytes, as many records as fit, and all records in order', () => {
    const pieces = [...requestPieces(request, 8, 200)];
    expect(pieces.map(({ records }) => records)).toEqual([3, 3, 2]);
    expect(pieces.every(({ body }) => body.length <= 200)).toBe(true);
    expect(bodies(pieces.map(({ body }) => body))).toEqual([...'abcdefgh'].map((letter) => `s/${letter}`));
  });

  test('have one record at least, however large it is', () => {
    expect([...requestPieces(request, 8, 10)].map(({ records }) => records)).toEqual(new Array(8).fill(1));
  });

  test('repeat a scope or a resource only if it changes', () => {
    const two = Buffer.concat([
      field(1, field(3, text('r1')), scopeOf('a', recordOf(40)), scopeOf('b', recordOf(40))),
      field(1, field(3, text('r2')), scopeOf('a', recordOf(40))),
    ]);
    const [piece, ...more] = [...requestPieces(Buffer.concat([two, recordLess()]), 3, two.length + 24)];
    expect(more).toEqual([]);
    expect(decodeLogs(piece!.body)).toEqual(decodeLogs(two));
  });

  test('keep unknown fields of resource, scope and record', () => {
    const odd = field(
      1,
      field(90, text('of the logs')),
      field(
        2,
        field(91, text('of the scope')),
        field(2, field(92, text('of the record'))),
        recordOf(100),
        recordOf(100),
      ),
    );
    const pieces = [...requestPieces(odd, 3, 150)];
    expect(pieces).toHaveLength(3);
    for (const { body } of pieces) {
      expect(Buffer.from(body).includes('of the logs')).toBe(true);
      expect(Buffer.from(body).includes('of the scope')).toBe(true);
    }
    expect(Buffer.from(pieces[0]!.body).includes('of the record')).toBe(true);
  });

  test('have only the records that are kept; without any, the request is empty', () => {
    const asked: number[] = [];
    const kept = keepRecords(request, (ordinal) => {
      asked.push(ordinal);
      return ordinal === 0 || ordinal === 2 || ordinal === 3;
    });
    expect(asked).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(kept.records).toBe(3);
    expect(bodies([kept.body])).toEqual(['s/a', 's/c', 's/d']);
    expect(keepRecords(request, () => false)).toEqual({ body: Buffer.alloc(0), records: 0 });
    expect(decodeLogs(keepRecords(request, () => true).body)).toEqual(decodeLogs(request));
  });

  function recordLess(): Buffer {
    return field(1, field(3, text('nothing in it')), scopeOf('empty'));
  }
});

describe('runs of a request', () => {
  const scoped = Buffer.concat([
    field(1, scopeOf('a', ...[...'abc'].map((letter) => recordOf(50, letter)))),
    field(1, scopeOf('b', recordOf(50, 'd'))),
  ]);
  const counts = (maxRecords: number, maxBytes: number) =>
    [...recordRuns(scoped, maxRecords, maxBytes)].map(({ count }) => count);

  test('end at the number of records, at the bytes, and at the scope', () => {
    expect(counts(10, 10_000)).toEqual([3, 1]);
    expect(counts(3, 10_000)).toEqual([3, 1]);
    expect(counts(2, 10_000)).toEqual([2, 1, 1]);
    const recordBytes = recordOf(50).length;
    expect(counts(10, 2 * recordBytes)).toEqual([2, 1, 1]);
    expect(counts(10, 2 * recordBytes - 1)).toEqual([1, 1, 1, 1]);
    expect(counts(10, 1)).toEqual([1, 1, 1, 1]);
    expect([...recordRuns(new Uint8Array(), 1, 1)]).toEqual([]);
  });

  test('of one scope have the same head, and those of another one do not', () => {
    const [first, second, third, other] = [...recordRuns(scoped, 1, 1)];
    expect(second!.head).toBe(first!.head);
    expect(third!.head).toBe(first!.head);
    expect(other!.head).not.toBe(first!.head);
  });

  test('are parts of the request if its records are adjacent, otherwise copies', () => {
    const [together] = [...recordRuns(scoped, 10, 10_000)];
    expect(together!.records.buffer).toBe(scoped.buffer);
    const apart = field(1, field(2, recordOf(20, 'a'), field(3, text('u')), recordOf(20, 'b')));
    const [run] = [...recordRuns(apart, 10, 10_000)];
    expect([...recordFields(run!.records)].map((each) => Buffer.from(each))).toEqual([
      recordOf(20, 'a'),
      recordOf(20, 'b'),
    ]);
    expect(decodeLogs(runRequest(run!.head, [run!.records])).resources[0]!.scopes[0]).toMatchObject({
      schemaUrl: 'u',
    });
  });

  test.each([0, 100, 127, 128, 20_000, 2_200_000])(
    'are a request again, with records of %d bytes',
    (bytes) => {
      const records = bytes === 0 ? [] : [recordOf(Math.max(bytes, 10))];
      const head = { resource: field(3, text('r')), scope: field(1, field(1, text('s'))) };
      expect(decodeLogs(runRequest(head, records)).resources).toMatchObject([
        { schemaUrl: 'r', scopes: [{ name: 's', records: records.map(() => expect.anything()) }] },
      ]);
    },
  );
});

describe('pieces of JSON', () => {
  const cut = (json: string, pieceBytes: number) => {
    const pieces = [...jsonPieces(Buffer.from(json), pieceBytes)].flatMap((piece) => piece ?? []);
    return pieces.map(({ json: part, at }) => [at, Buffer.from(part).toString()]);
  };
  const records = ['{"a":1}', '{"b":"]}"}', '{"c":[{}]}'];
  const request = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${records.join(', ')}]}]}]}`;

  test('can have one record each, with the text that encloses it', () => {
    const items = ['a', 'b]}"', 'c'].map((name) => ({ name, text: 'x'.repeat(300) }));
    const around = (logRecords: readonly object[]) => ({
      resourceLogs: [{ schemaUrl: 'r', scopeLogs: [{ logRecords }] }],
      x: 1,
    });
    const pieces = cut(JSON.stringify(around(items)), 20);
    expect(pieces.map(([, json]) => JSON.parse(String(json)))).toEqual(items.map((each) => around([each])));
    expect(pieces.map(([at]) => at)).toEqual(
      items.map((each) => JSON.stringify(around(items)).indexOf(JSON.stringify(each))),
    );
  });

  test('are the text itself if it is not larger than a piece', () => {
    const bytes = Buffer.from(request);
    expect([...jsonPieces(bytes, bytes.length)]).toEqual([{ json: bytes, at: 0 }]);
    expect([...jsonPieces(bytes)][0]).toEqual({ json: bytes, at: 0 });
  });

  test.each([
    ['an empty list', '{"resourceLogs":[ ]}'],
    ['no list', '{"other":[1,2,3,4,5,6,7,8,9,10]}'],
    ['a list that is no member', '[1,2,3,4,5,6,7,8]'],
    ['a list under another name', '{"resourceLog":[{},{},{},{},{},{}]}'],
    ['a name with an escape', '{"resource\\u004cogs":[{},{},{},{},{}]}'],
    ['a list that comes twice', '{"resourceLogs":[{},{}],"resource_logs":[{},{}]}'],
    ['no colon', '{"resourceLogs" [{},{},{},{},{},{}]}'],
    ['a name without quotes', '{resourceLogs:[{},{},{},{},{},{}]}'],
    ['no end', '{"resourceLogs":[{},{},{},{},{},{}]'],
  ])('are one where there is %s', (_what, json) => {
    expect(cut(json, 8)).toEqual([[0, json]]);
  });

  test('of either name of a list, with blanks anywhere, are cut alike', () => {
    for (const name of ['resourceLogs', 'resource_logs']) {
      const items = Array.from({ length: 9 }, (_, at) => `{ "n" : ${at} }`);
      const json = `\n { "${name}" : [ ${items.join(' ,\t')} ] } \r\n`;
      const pieces = cut(json, 10);
      expect(pieces.length).toBeGreaterThan(1);
      expect(pieces.flatMap(([, part]) => JSON.parse(String(part))[name])).toEqual(
        items.map((each) => JSON.parse(each)),
      );
    }
  });
});

describe('an error caused by bytes', () => {
  test('has a cause for counters; any other error has one too', () => {
    expect(causeOf(new WireError('too_deep', 'x'))).toBe('too_deep');
    expect(causeOf({ malformed: true, cause: 'pickle' })).toBe('pickle');
    for (const other of [{ malformed: true }, { cause: 'json' }, new Error('x'), null, undefined, 'text']) {
      expect(causeOf(other)).toBe('malformed');
    }
  });

  test('is a WireError or a RangeError', () => {
    expect([new WireError('json', 'x'), { malformed: true }, new RangeError('x')].map(isWireError)).toEqual([
      true,
      true,
      true,
    ]);
    expect([new Error('x'), { malformed: 1 }, null, undefined].map(isWireError)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(new WireError('json', 'x')).toMatchObject({
      name: 'WireError',
      message: 'x',
      cause: 'json',
      malformed: true,
    });
  });
});

test('answers have the bytes of the protobuf definitions', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  expect(hex(responseBytes('no'))).toBe(`0a041202${hex(text('no'))}`);
  expect(hex(statusBytes(0, ''))).toBe('1200');
  expect(hex(statusBytes(14, 'a'))).toBe('080e120161');
  const info = field(1, text('type.googleapis.com/google.rpc.RetryInfo'));
  const duration = (...bytes: readonly number[]) => hex(field(3, info, field(2, field(1, bytes))));
  expect(hex(statusBytes(0, '', 2_000))).toBe(`1200${duration(0x08, 0x02)}`);
  expect(hex(statusBytes(0, '', 0.2))).toBe(`1200${duration(0x10, 0xc0, 0x84, 0x3d)}`);
  expect(hex(statusBytes(0, '', 0))).toBe(`1200${duration()}`);
});
