import fc from 'fast-check';
import { BLOCK_BYTES, BLOCKS_AT, Entry, readBox } from '../../src/box/index.ts';
import { readBoxInTurns } from '../../src/box/read-box.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { aRecord, memoryBox, resource, scope, spanContext } from './support/memory-box.ts';

const { ENDED, RESUMED, EMPTIED } = Entry;
const trace = (digit: string) => spanContext(digit).traceId;
const inTrace = (digit: string, body: unknown) => aRecord(body, { spanContext: spanContext(digit) });

test('what is flushed is there, and what is not is not', () => {
  const { writer, bodies } = memoryBox();
  writer.held(aRecord('first'), '');
  writer.flush();
  writer.held(aRecord('second'), '');
  expect(bodies()).toEqual(['first']);
  writer.flush();
  expect(bodies()).toEqual(['first', 'second']);
});

test('nothing is left of traces that ended well, that were discarded, or whose records were all evicted', () => {
  const { writer, bodies } = memoryBox();
  for (const digit of ['a', 'b', 'c']) writer.held(inTrace(digit, digit), trace(digit));
  writer.mark(ENDED, trace('a'));
  writer.mark(EMPTIED, trace('b'));
  writer.flush();
  expect(bodies()).toEqual(['c']);
  writer.mark(RESUMED, trace('a'));
  writer.held(inTrace('b', 'b again'), trace('b'));
  writer.flush();
  expect(bodies()).toEqual(['a', 'c', 'b again']);
});

test('records of a trace that continues after it has settled, or after a burst at its end, are there', () => {
  const { writer, bodies } = memoryBox();
  for (const digit of ['a', 'b']) {
    writer.held(inTrace(digit, 'before'), trace(digit));
    writer.mark(ENDED, trace(digit));
  }
  writer.mark(EMPTIED, trace('a'));
  const released = writer.held(inTrace('b', 'at the end'), trace('b'));
  writer.released(trace('b'), 1);
  writer.dropped(released);
  for (const digit of ['a', 'b']) writer.held(inTrace(digit, `${digit} again`), trace(digit));
  writer.flush();
  expect(bodies()).toEqual(['a again', 'b again']);
});

test('a record is there until it is delivered, whether it was loud or released', () => {
  const { writer, contents } = memoryBox();
  const numbers = ['1', '2', '3', '4'].map((body) => writer.held(inTrace('a', body), trace('a')));
  writer.held(inTrace('b', 'of another trace'), trace('b'));
  writer.released(trace('a'), 3);
  writer.loud(aRecord('the trigger'), 1);
  writer.handedOn(numbers[1]!, 2, 'burst-1', 1);
  writer.handedOn(numbers[2]!, 3, 'burst-1', 2);
  writer.settled(1, 2);
  writer.flush();
  expect(contents().records.map(({ record, state }) => [record.body, state, record.attributes])).toEqual([
    ['3', 'loud', { 'burst.id': 'burst-1', 'burst.sequence': 2 }],
    ['4', 'held', {}],
    ['of another trace', 'held', {}],
  ]);
  writer.dropped(numbers[3]!);
  writer.settled(3, 3);
  writer.flush();
  expect(contents().records.map(({ record }) => record.body)).toEqual(['of another trace']);
});

test('of a key no more is left than the process held, and nothing that was too old', () => {
  const { writer, bodies } = memoryBox({ capacity: 3, maxAgeMillis: 60_000 });
  writer.held(aRecord('old', { hrTime: [1_600_000_000, 0] }), 'k');
  for (const body of ['1', '2', '3', '4']) writer.held(aRecord(body), '');
  writer.flush();
  expect(bodies()).toEqual(['2', '3', '4']);
});

test('when the file is full, the oldest blocks are overwritten', () => {
  const { writer, contents } = memoryBox({ blocks: 3 });
  for (let count = 0; count < 20_000; count += 1) {
    writer.held(aRecord(`a text that is never the same, number ${count}`), '');
    if (count % 50 === 49) writer.flush();
  }
  const found = contents();
  const numbers = found.records.map(({ record }) => Number(/\d+$/.exec(record.body as string)![0]));
  expect(numbers.at(-1)).toBe(19_999);
  expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
  expect(numbers.length).toBeGreaterThan(((2 * BLOCK_BYTES) / 60) | 0);
  expect(found.missingFrames).toBe(0);
});

test('a record that is bigger than a block is truncated, and what cannot be read is left out', () => {
  const { writer, contents } = memoryBox();
  writer.held(aRecord('x'.repeat(300_000)), '');
  const attributes = Object.defineProperty({}, 'bad', {
    enumerable: true,
    get: () => {
      throw new Error('no');
    },
  });
  expect(writer.held(aRecord('bad', { attributes }), '')).toBe(0);
  expect(writer.unwritten).toBe(1);
  writer.held(aRecord('after'), '');
  writer.flush();
  const [big, after] = contents().records.map(({ record }) => record);
  expect(big!.attributes['burstlog.truncated_from']).toBeGreaterThan(600_000);
  expect((big!.body as string).length).toBeGreaterThan(10_000);
  expect(after!.body).toBe('after');
});

test('attributes that are to be redacted are not in the file, at any depth', () => {
  const { writer, file, contents } = memoryBox({ redact: ['password'] });
  writer.held(
    aRecord({ user: { password: 'secret1', name: 'leo' } }, { attributes: { password: 'secret2', a: 1 } }),
    '',
  );
  writer.flush();
  expect(file.includes('secret')).toBe(false);
  expect(contents().records[0]!.record).toMatchObject({
    body: { user: { password: '[redacted]', name: 'leo' } },
    attributes: { password: '[redacted]', a: 1 },
  });
});

test('the last words and the newest signs are there', () => {
  const { writer, contents } = memoryBox();
  const signs = { rss: 1, heapUsed: 2, heapLimit: 3, loopDelayMillis: 4, holding: 5 };
  for (let atMillis = 0; atMillis < 100; atMillis += 1) writer.json(Entry.SIGNS, { ...signs, atMillis });
  writer.json(Entry.LAST_WORDS, { atMillis: 7, text: 'exit code 3' });
  writer.flush();
  expect(contents().signs.at(-1)).toEqual({ ...signs, atMillis: 99 });
  expect(contents().signs).toHaveLength(60);
  expect(contents().lastWords).toEqual([{ atMillis: 7, text: 'exit code 3' }]);
});

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.constantFrom('a constant text', 'ü'.repeat(40)),
);
const plain = fc.oneof(
  texts,
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.constant(null),
  fc.array(fc.oneof(texts, fc.integer(), fc.boolean()), { maxLength: 5 }),
  fc.dictionary(
    texts.filter((key) => key !== '__proto__'),
    fc.oneof(texts, fc.integer()),
  ),
);
const records = fc.record({
  site: fc.integer({ min: 0, max: 6 }),
  body: fc.oneof(plain, fc.constant(undefined)),
  values: fc.array(plain, { maxLength: 5 }),
  nanoseconds: fc.oneof(
    fc.integer({ min: 0, max: 999 }).map((millis) => millis * 1e6),
    fc.integer({ min: 0, max: 999_999_999 }),
  ),
  observed: fc.integer({ min: 0, max: 999_999_999 }),
  digit: fc.constantFrom('', 'a', 'b', 'c'),
  flush: fc.boolean(),
});

/** Equal but for `-0` and for what no property says. */
const shownRecord = ({
  hrTime,
  hrTimeObserved,
  body,
  attributes,
  spanContext: context,
  severityText,
  eventName,
}: ReadableLogRecordLike) =>
  JSON.stringify({ hrTime, hrTimeObserved, body, attributes, context, severityText, eventName });

test('whatever is written comes back as it was, in order', () => {
  fc.assert(
    fc.property(fc.array(records, { maxLength: 60 }), (list) => {
      const { writer, contents } = memoryBox();
      const given = list.map(({ site, body, values, nanoseconds, observed, digit }) =>
        aRecord(body, {
          hrTime: [1_700_000_000 - site, nanoseconds],
          hrTimeObserved: site % 2 ? [1_700_000_000 - site, nanoseconds] : [1_700_000_001, observed],
          severityText: site === 3 ? undefined : `site ${site}`,
          ...(site === 4 ? { eventName: 'an.event' } : {}),
          spanContext: digit === '' ? undefined : spanContext(digit),
          attributes: Object.fromEntries(values.map((value, index) => [`${site}.${index}`, value])),
        }),
      );
      given.forEach((record, index) => {
        writer.held(record, record.spanContext?.traceId ?? '');
        if (list[index]!.flush) writer.flush();
      });
      writer.flush();
      const found = contents();
      expect(found.records.map(({ record }) => shownRecord(record))).toEqual(given.map(shownRecord));
      expect(found.records.every(({ record }) => record.instrumentationScope.name === scope.name)).toBe(true);
      expect(
        found.records.every(
          ({ record }) => record.resource.attributes === found.header.resources[0]!.attributes,
        ),
      ).toBe(true);
    }),
    { numRuns: 150 },
  );
});

describe('damage', () => {
  const whole = () => {
    const box = memoryBox({ blocks: 2 });
    for (let count = 0; count < 600; count += 1) {
      box.writer.held(inTrace('abc'[count % 3]!, `record ${count} of a text`), trace('abc'[count % 3]!));
      if (count % 20 === 19) box.writer.flush();
      if (count % 100 === 99) box.writer.mark(EMPTIED, trace('a'));
    }
    return box;
  };

  test('of a mutated, cut or foreign file nothing comes that was not written, and reading it never throws', () => {
    const { file, contents } = whole();
    const written = new Set(contents().records.map(({ record }) => shownRecord(record)));
    for (let count = 0; count < 600; count += 1)
      written.add(shownRecord(inTrace('abc'[count % 3]!, `record ${count} of a text`)));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(BLOCKS_AT + 24_000), fc.nat(255)), { maxLength: 20 }),
        fc.option(fc.nat(file.length)),
        (changes, length) => {
          const bytes = Buffer.from(file);
          for (const [at, value] of changes) bytes[at] = value;
          const found = readBox(length === null ? bytes : bytes.subarray(0, length));
          if (typeof found === 'string') return;
          const invented = found.records
            .map(({ record }) => shownRecord(record))
            .filter((one) => !written.has(one));
          expect(invented).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a large one is read in turns, with the same result', async () => {
    const { writer, file } = memoryBox({ blocks: 60 });
    for (let count = 0; count < 40_000; count += 1) {
      writer.held(inTrace('a', `record ${count} of a text`), trace('a'));
      if (count % 100 === 0) writer.flush();
    }
    writer.flush();
    let turns = 0;
    let isRead = false;
    const reading = readBoxInTurns(file).finally(() => {
      isRead = true;
    });
    while (!isRead) {
      await new Promise(setImmediate);
      turns += 1;
    }
    expect(turns).toBeGreaterThan(3);
    expectEqual(await reading, readBox(file));
  });

  test('a damaged frame costs only what stood in it', () => {
    const { file, contents } = whole();
    const before = contents().records.length;
    file[BLOCKS_AT + 40] ^= 1;
    const found = contents();
    expect(found.records.length).toBeLessThan(before);
    expect(before - found.records.length).toBeLessThan(41);
  });

  test.each([
    ['an empty file', 'not a box', Buffer.alloc(0)],
    ['a text', 'not a box', Buffer.from('{"resourceLogs":[]}'.repeat(5_000))],
    ['one of a newer version', 'of a newer version', version(2)],
    ['one with its bytes in another order', 'not a box', memoryBox().file.swap16()],
    ['one with a damaged header', 'damaged', damaged()],
  ] as const)('%s is not read: %s', (_, why, bytes) => {
    expect(readBox(bytes)).toBe(why);
  });

  test('while the header is written again, the other one counts', () => {
    const { file, contents } = whole();
    file.copy(file, 16 * 1024, 0, 16 * 1024);
    file.fill(7, 100, 8_000);
    expect(contents().header.resources).toEqual([resource]);
  });
});

function version(number: number): Buffer {
  const { file } = memoryBox();
  file.writeUInt16LE(number, 8);
  return file;
}

function damaged(): Buffer {
  const { file } = memoryBox();
  file[50]! ^= 1;
  return file;
}
