import { otlpLine } from '../../tree/otlp-lines.ts';
import { failedCheckout, record, TaskStory, TRACE } from '../../tree/story.ts';
import { distlog, tempFolder } from './support.ts';

const folder = tempFolder();
const lines = (...records: readonly ReturnType<typeof record>[]) =>
  records.map((each) => otlpLine(each)).join('\n');
const checkout = folder.write('checkout.jsonl', lines(...failedCheckout()));
const OTHER = 'c'.repeat(32);
const plain = folder.write(
  'plain.jsonl',
  lines(
    record({ at: 5_000, traceId: OTHER, body: 'GET /cart', severity: 5, attributes: { 'burst.id': 'b7' } }),
    record({ at: 5_001, traceId: OTHER, body: 'cart is gone', severity: 17 }),
    record({
      at: 5_002,
      traceId: OTHER,
      eventName: 'burst.released',
      body: 'burst released 1 record (severity), 0 lost',
      attributes: { 'burst.id': 'b7', 'burst.released': 1, 'burst.trigger': 'severity' },
    }),
  ),
);

test('--failed lists where failures began, with the way to it and why, and traces without tasks', async () => {
  const { code, out, err } = await distlog(['tasks', '--failed', checkout, plain]);
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(out).toEqual([
    `2026-11-21 06:12:35.950 UTC  ✘ checkout › reserve stock › ask warehouse  412 ms  stock  TypeError: Cannot read properties of undefined (reading 'sku')  trace ${TRACE}`,
    `2026-11-21 06:12:41.001 UTC  ✘ cart is gone  shop  trace ${OTHER}`,
  ]);
});

test('--slow and --running, and all of them', async () => {
  const names = async (...args: string[]) =>
    (await distlog(['tasks', checkout, '--format', 'json', ...args])).out.map(
      (line) => JSON.parse(line).path.at(-1) as string,
    );
  expect(await names('--slow', '400ms')).toEqual(['reserve stock', 'ask warehouse', 'checkout']);
  expect(await names('--running')).toEqual(['send invoice']);
  expect(await names()).toHaveLength(8);
  expect(await names('--limit', '2')).toEqual(['check voucher', 'send invoice']);
  expect((await distlog(['tasks', checkout, '--limit', '2'])).err).toEqual([
    'distlog: only the newest 2 of 8 tasks are shown; --limit shows more',
  ]);
});

test('where nothing failed it says so, and ends with 1', async () => {
  const fine = folder.write(
    'fine.jsonl',
    lines(...new TaskStory('a000000000000001', 'x').start(0).succeed(1, 1).records),
  );
  expect(await distlog(['tasks', '--failed', fine])).toEqual({
    code: 1,
    out: [],
    err: ['distlog: nothing failed'],
  });
  expect((await distlog(['bursts', fine])).err).toEqual(['distlog: no burst']);
});

test('bursts are listed with what they released, their id and their trace', async () => {
  const { code, out } = await distlog(['bursts', plain, checkout]);
  expect(code).toBe(0);
  expect(out).toEqual([
    `2026-11-21 06:12:41.002 UTC  ⇡ burst released 1 record (severity), 0 lost  shop  id b7  trace ${OTHER}`,
  ]);
  const json = await distlog(['bursts', plain, '--format', 'json']);
  expect(JSON.parse(json.out[0]!)).toMatchObject({ id: 'b7', trigger: 'severity', traceId: OTHER });
});

test('tree --last-failed opens the last failed trace, also one without tasks', async () => {
  const { code, out } = await distlog(['tree', '--last-failed', checkout, plain]);
  expect(code).toBe(0);
  expect(out).toEqual([
    `✘ trace ${OTHER}  · shop`,
    '│ 2026-11-21 06:12:41.000 UTC  2 records',
    '│ ⇡ burst released 1 record (severity), 0 lost  · shop  id b7',
    '│ cause: cart is gone',
    '│ 06:12:41.000 DEBUG GET /cart',
    '│ 06:12:41.001 ERROR cart is gone',
  ]);
  const before = await distlog(['tree', '--last-failed', '--until', '2026-11-21T06:12:40Z', checkout, plain]);
  expect(before.out[0]).toMatch(/^✘ checkout/);
});

test('tree --last-burst, and a trace by the beginning of its id', async () => {
  expect((await distlog(['tree', '--last-burst', checkout, plain])).out[0]).toMatch(/^✘ trace cccc/);
  expect((await distlog(['tree', TRACE.slice(0, 8), checkout, plain])).out[0]).toMatch(/^✘ checkout/);
  expect(await distlog(['tree', 'abcdef00', checkout])).toMatchObject({
    code: 65,
    err: ['distlog: no record of trace abcdef00'],
  });
  expect(await distlog(['tree', '--last-burst', checkout])).toMatchObject({
    code: 65,
    err: ['distlog: no burst'],
  });
});

test('an error outside of any trace is shown with its burst, or with what its service logged before', async () => {
  const none = { traceId: '' };
  const burst = folder.write(
    'burst.jsonl',
    lines(
      record({ ...none, at: 1, body: 'of the burst', severity: 5, attributes: { 'burst.id': 'b1' } }),
      record({ ...none, at: 2, body: 'other' }),
      record({ ...none, at: 3, body: 'broken', severity: 17, attributes: { 'burst.id': 'b1' } }),
    ),
  );
  const { out } = await distlog(['tree', '--last-failed', burst]);
  expect(out.join('\n')).toContain('of the burst');
  expect(out.join('\n')).not.toContain('other');
  const alone = folder.write(
    'alone.jsonl',
    lines(
      record({ ...none, at: 1, body: 'long ago' }),
      record({ ...none, at: 15_000, body: 'of another service', service: 'mail' }),
      record({ ...none, at: 15_001, body: 'just before', severity: 13 }),
      record({ ...none, at: 15_002, body: 'broken', severity: 17 }),
      record({ ...none, at: 15_003, body: 'after it' }),
    ),
  );
  const text = (await distlog(['tree', '--last-failed', alone])).out.join('\n');
  expect(text).toContain('just before');
  expect(text).toContain('broken');
  expect(text).not.toMatch(/long ago|another service|after it/);
});
