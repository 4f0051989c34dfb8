import { TestRecords } from '../../src/testing/test-records.ts';

const records = new TestRecords();
const logger = records.loggerProvider.getLogger('shop');
const log = (body: string) => logger.emit({ severityNumber: 5, body });
const bodies = (text: string) => [...text.matchAll(/ DEBUG (.*)$/gm)].map(([, body]) => body);

test('the records of a test are the text at its end', () => {
  const one = {};
  records.run(one, () => log('inside'));

  expect(records.end(one)).toMatch(/^Log records of this test \(1\):\n\n(?:.*\n)*.* DEBUG inside$/);
  expect(records.end(one)).toBe('');
});

test('records of one millisecond keep their order', () => {
  const one = {};
  const expected = Array.from({ length: 50 }, (_, at) => `record ${(at * 7) % 50}`);
  records.run(one, () => expected.forEach(log));

  expect(bodies(records.end(one))).toEqual(expected);
});

test('tests that run at the same time do not mix', async () => {
  const [one, other] = [{}, {}];
  const both = [one, other].map((each, at) =>
    records.run(each, async () => {
      log(`start ${at}`);
      await new Promise(setImmediate);
      log(`end ${at}`);
    }),
  );
  log('of nobody');
  await Promise.all(both);

  expect(bodies(records.end(other))).toEqual(['start 1', 'end 1']);
  expect(bodies(records.end(one))).toEqual(['start 0', 'end 0']);
});

test('a record from outside belongs to the only test that runs', () => {
  const [ended, one] = [{}, {}];
  records.run(ended, () => log('before'));
  records.end(ended);
  records.begin(one);
  log('outside');
  records.run(ended, () => records.end(ended));
  records.run(one, () => log('inside'));

  expect(bodies(records.end(one))).toEqual(['outside', 'inside']);
});

test('while no test runs, records are dropped', () => {
  log('between');
  const one = {};
  records.begin(one);

  expect(records.end(one)).toBe('');
});

test('another attempt starts without the records of the one before', () => {
  const one = {};
  records.run(one, () => log('first'));
  records.begin(one);
  records.run(one, () => log('second'));

  expect(bodies(records.end(one))).toEqual(['second']);
});

test('the newest thousand records of a test are kept', () => {
  const one = {};
  records.run(one, () => {
    for (let at = 0; at < 1_500; at += 1) log(`record ${at}`);
  });
  const text = records.end(one);

  expect(text).toMatch(/^Log records of this test \(the newest 1000 of 1500\):/);
  expect(bodies(text)[0]).toBe('record 500');
});

test('without the event handlers of jest, burstlog/testing/jest reports what it needs', () => {
  const key = Symbol.for('EVENT_HANDLERS');
  const handlers = Object.getOwnPropertyDescriptor(globalThis, key)!;
  Reflect.deleteProperty(globalThis, key);
  try {
    expect(() => require('../../src/testing/jest.ts')).toThrow(/needs jest 30 .* setupFilesAfterEnv/);
  } finally {
    Object.defineProperty(globalThis, key, handlers);
  }
});
