import { otlpLine } from '../../tree/otlp-lines.ts';
import { record, START_SECONDS, TRACE } from '../../tree/story.ts';
import { distlog, tempFolder } from './support.ts';

const folder = tempFolder();
const shop = folder.write(
  'shop.jsonl',
  [
    record({ at: 3, body: 'payment refused for order-4711', severity: 17, attributes: { amount: 42 } }),
    record({ at: 1, body: 'order received', severity: 5, attributes: { id: 'order-4711' } }),
    record({ at: 2, body: 'Déjà vu', traceId: '' }),
    record({ at: 4, body: 'order 4712', eventName: 'order.received' }),
  ]
    .map((each) => otlpLine(each))
    .join('\n'),
);

test('records with all words are shown by time, with their trace', async () => {
  expect(await distlog(['find', 'ORDER-4711', shop])).toEqual({
    code: 0,
    out: [
      '2026-11-21 UTC',
      `06:12:36.001 DEBUG shop test order received  id=order-4711  trace ${TRACE}`,
      `06:12:36.003 ERROR shop test payment refused for order-4711  amount=42  trace ${TRACE}`,
    ],
    err: [],
  });
});

test.each([
  ['order 4711', 2],
  ['4711 received', 1],
  ['deja', 1],
  ['refused 42', 1],
  ['orde', 0],
  ['amount', 0],
  ['"; DROP TABLE', 0],
  ['', 4],
  [' ( OR "', 0],
])('%j is in so many records: %i', async (words, count) => {
  const { out, code } = await distlog(['find', words, shop, '--count']);
  expect({ out, code }).toEqual({ out: [String(count)], code: count > 0 ? 0 : 1 });
});

test('--when, --since and --until narrow it, --limit takes the newest', async () => {
  const bodies = async (...args: string[]) => {
    const { out, err } = await distlog(['find', '', shop, '--format', 'json', ...args]);
    const found = out.map(
      (line) => JSON.parse(line).resourceLogs[0].scopeLogs[0].logRecords[0].body.stringValue as string,
    );
    return { found, err };
  };
  expect((await bodies('--when', 'severity_number >= 17')).found).toEqual(['payment refused for order-4711']);
  expect((await bodies('--since', '2026-11-21T06:12:36.003Z')).found).toHaveLength(2);
  expect((await bodies('--until', '2026-11-21 06:12:36.003')).found).toHaveLength(2);
  expect((await bodies('--since', '5m')).found).toHaveLength(Date.now() / 1e3 - START_SECONDS < 300 ? 4 : 0);
  expect(await bodies('--limit', '2')).toEqual({
    found: ['payment refused for order-4711', 'order 4712'],
    err: ['distlog: these are the newest 2; to see others, use --limit, --since or --until'],
  });
  expect((await bodies('--limit', '1', '--order', 'oldest')).found).toEqual(['order received']);
});

test('what json prints is read again', async () => {
  const { out } = await distlog(['find', '', shop, '--format', 'json']);
  const again = folder.write('again.jsonl', out.join('\n'));
  expect((await distlog(['find', '', again])).out).toEqual((await distlog(['find', '', shop])).out);
});

test('nothing found ends with 1', async () => {
  expect(await distlog(['find', 'nowhere', shop])).toEqual({
    code: 1,
    out: [],
    err: ['distlog: no matching record'],
  });
});

test.each([
  [['--when', 'severty_number > 3'], /--when, column 1: unknown path severty_number.*severity_number/],
  [['--since', 'yesterday'], /--since must be a duration such as 5m, or a date .*; got "yesterday"/],
  [['--limit', '0'], /--limit must be a whole number from 1 to 100000; got "0"/],
  [['--format', 'xml'], /--format must be one of pretty, json/],
])('%j is refused with 64', async (args, message) => {
  const { code, err } = await distlog(['find', 'x', shop, ...args]);
  expect(code).toBe(64);
  expect(err[0]).toMatch(message);
});

test('a file that is not there ends with 66', async () => {
  expect(await distlog(['find', 'x', '/no/such.jsonl'])).toEqual({
    code: 66,
    out: [],
    err: ['distlog find: /no/such.jsonl: no such file'],
  });
});

test('escapes of records never reach the output raw', async () => {
  const evil = '\u001b]52;c;AAAA\u0007\u009b2J\u202e';
  const file = folder.write('evil.jsonl', otlpLine(record({ body: evil, attributes: { [evil]: evil } })));
  for (const format of ['pretty', 'json']) {
    const { out } = await distlog(['find', '', file, '--format', format]);
    expect(out.join('')).not.toMatch(/\p{Cc}|\u202e/u);
    expect(out.length).toBeGreaterThan(0);
  }
});
