import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import * as fc from 'fast-check';
import type { DecodedLogRecord, KeyValue } from '../../src/otlp/index.ts';
import { resolve } from '../../src/settings/index.ts';
import {
  ConsoleSink,
  type ConsoleSinkOptions,
  type ConsoleSinkTools,
  consoleSinkOptions,
} from '../../src/sinks/console/index.ts';
import { amplifying } from '../otlp/amplifying.ts';
import { batch, listener, one, record } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';

const never = new AbortController().signal;
const journal = new MemoryJournal();
const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** Escape, [, parameters, m; text; escape, [0m. */
const ESCAPE = '\u001b';
const OUR_COLORS = new RegExp(`${ESCAPE}\\[[\\d;]+m([^${ESCAPE}]*)${ESCAPE}\\[0m`, 'g');

class Collected extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

const defaults = resolve(consoleSinkOptions, 'console', {});

async function shown(
  records: readonly DecodedLogRecord[],
  more: Partial<ConsoleSinkOptions> = {},
  tools: Partial<ConsoleSinkTools> = {},
): Promise<string> {
  const stream = new Collected();
  const sink = new ConsoleSink({ ...defaults, ...more }, { stream, log: listener(), env: {}, ...tools });
  await sink.open();
  await sink.write([journal.add(batch(records), records.length)], never);
  await sink.close();
  return stream.text;
}

function taskRecord(
  id: string,
  parent: string | undefined,
  body: string,
  more: { eventName?: string; severityNumber?: number; data?: readonly KeyValue[] } = {},
): DecodedLogRecord {
  const { eventName = '', severityNumber = 9, data = [] } = more;
  return record(body, {
    traceId: TRACE,
    severityNumber,
    eventName,
    attributes: [
      ['task.id', id],
      ['task.name', `goal ${id}`],
      ...(parent === undefined ? [] : [['task.parent.id', parent] as const]),
      ...data,
    ],
  });
}

const started = (id: string, parent?: string, data: readonly KeyValue[] = []) =>
  taskRecord(id, parent, `goal ${id}`, { eventName: 'task.started', data });
const ended = (id: string, parent: string | undefined, how: string, data: readonly KeyValue[] = []) =>
  taskRecord(id, parent, how, {
    eventName: `task.${how}`,
    severityNumber: how === 'failed' ? 17 : 9,
    data: [['task.duration', 1.24], ...data],
  });

/** Without the leading time. */
const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(13));

test('flat: time, severity, service, logger, message and attributes on a line', async () => {
  const text = await shown([
    record('charged', {
      attributes: [
        ['amount', 42],
        ['who', 'leo b'],
      ],
    }),
    record('odd', { severityNumber: 0, severityText: '', timeUnixNano: 0n }),
  ]);
  expect(text).toBe(
    '--:--:--.---       shop orders odd\n06:12:36.123 INFO  shop orders charged  amount=42 who="leo b"\n',
  );
});

test('a stack trace is printed below its line, bounded', async () => {
  const stack = ['TypeError: no', ...Array.from({ length: 50 }, (_, at) => `    at f${at} (x.js:1:1)`)].join(
    '\n',
  );
  const text = await shown([
    record('failed', { severityNumber: 17, attributes: [['exception.stacktrace', stack]] }),
  ]);
  expect(lines(text).slice(1, 4)).toEqual([
    '  TypeError: no',
    '      at f0 (x.js:1:1)',
    '      at f1 (x.js:1:1)',
  ]);
  expect(lines(text)).toHaveLength(1 + 1 + 6 + 1);
});

test('a body of several lines stays one record', async () => {
  const text = await shown([record('first\nsecond\n', { attributes: [['k', 1]] })]);
  expect(lines(text)).toEqual(['INFO  shop orders first  k=1', '      second']);
});

test('a body of five megabytes and long runs of combining marks are truncated', async () => {
  const marks = `a${'\u0301'.repeat(4_000)}b`;
  for (const format of ['flat', 'tree'] as const) {
    const text = await shown([record('x'.repeat(5e6)), record(marks)], { format });
    const [long = '', short = ''] = text.split('\n');
    expect(long.length).toBeLessThan(4_300);
    expect(long).toContain('(4995904 more)');
    expect(short).toContain(`a${'\u0301'.repeat(8)}…b`);
  }
});

test('released records are shown before the error that released them, without the burst attributes', async () => {
  const nanos = (millis: number) => 1_795_241_556_000_000_000n + BigInt(millis) * 1_000_000n;
  const burst = [['burst.id', '0123456789abcdef']] as const;
  for (const format of ['flat', 'tree'] as const) {
    const text = await shown(
      [
        record('broken', { severityNumber: 17, timeUnixNano: nanos(9), attributes: burst }),
        record('detail', { severityNumber: 5, timeUnixNano: nanos(3), attributes: burst }),
      ],
      { format },
    );
    expect(lines(text)).toEqual(['DEBUG shop orders detail', 'ERROR shop orders broken']);
  }
});

test('nothing of a record reaches the terminal raw, in either format, with and without color', async () => {
  const nasty = fc.string({
    unit: fc.constantFrom('\x1b', '[', '2', 'J', '\n', '\r', '\x9b', '\u202e', '\u0007', 'a', '"', '='),
  });
  await fc.assert(
    fc.asyncProperty(
      nasty,
      nasty,
      nasty,
      fc.constantFrom('flat', 'tree'),
      fc.boolean(),
      async (a, b, c, format, isColored) => {
        const text = await shown(
          [
            record(a, { attributes: [[b, c]], severityText: c, severityNumber: 0, eventName: b }),
            record(a, {
              eventName: 'task.started',
              attributes: [
                ['task.id', `${a}x`],
                ['task.name', b],
                ['exception.stacktrace', c],
              ],
            }),
            record(a, {
              eventName: 'task.failed',
              attributes: [
                ['task.id', `${a}x`],
                ['exception.message', c],
                ['exception.stacktrace', b],
              ],
            }),
          ],
          { format: format as 'flat' | 'tree', color: isColored ? 'always' : 'never' },
        );
        const bare = isColored ? text.replaceAll(OUR_COLORS, '$1') : text;
        expect(bare.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202e/u);
      },
    ),
    { numRuns: 300 },
  );
});

test('severities have colors, attributes are dim', async () => {
  const text = await shown(
    [1, 5, 9, 13, 17, 21].map((severityNumber) => record('x', { severityNumber, attributes: [['k', 1]] })),
    { color: 'always' },
  );
  for (const part of [
    ' TRACE\x1b[0m',
    ' DEBUG\x1b[0m',
    '\x1b[0mINFO ',
    '\x1b[35mWARN',
    '\x1b[1;31mERROR',
    '\x1b[1;7;31mFATAL',
  ]) {
    expect(text).toContain(part);
  }
  expect(text).toContain('\x1b[2m  k=1\x1b[0m');
});

test('tree: a task has a start, its records below it, and an end with outcome and duration', async () => {
  const text = await shown(
    [
      started('a', undefined, [['user', 'leo']]),
      taskRecord('a', undefined, 'thinking', { severityNumber: 5 }),
      started('b', 'a'),
      taskRecord('b', 'a', 'charging', { data: [['amount', 42]] }),
      ended('b', 'a', 'failed', [
        ['exception.type', 'TypeError'],
        ['exception.message', 'no card'],
      ]),
      ended('a', undefined, 'succeeded'),
    ],
    { format: 'tree' },
  );
  expect(lines(text)).toEqual([
    'goal a  · shop  user=leo',
    '│ DEBUG thinking',
    '│ goal b',
    '│ │ INFO  charging  amount=42',
    '│ ✘ goal b  1.24 s  TypeError: no card',
    '✔ goal a  1.24 s',
  ]);
});

test('tree: when another branch continues, its ancestors are printed again', async () => {
  const text = await shown(
    [
      started('a'),
      started('b', 'a'),
      started('c', 'a'),
      taskRecord('b', 'a', 'from b'),
      taskRecord('b', 'a', 'from b again'),
      taskRecord('c', 'a', 'from c'),
      ended('c', 'a', 'cancelled'),
      record('from nobody'),
      taskRecord('a', undefined, 'from a'),
      ended('b', 'a', 'abandoned'),
      started('z'),
      taskRecord('b', 'a', 'late'),
    ],
    { format: 'tree' },
  );
  expect(lines(text)).toEqual([
    'goal a  · shop',
    '│ goal b',
    '│ goal c',
    '│ goal b …',
    '│ │ INFO  from b',
    '│ │ INFO  from b again',
    '│ goal c …',
    '│ │ INFO  from c',
    '│ ⊘ goal c  1.24 s',
    'INFO  shop orders from nobody',
    '│ INFO  from a',
    '│ ◌ goal b  1.24 s',
    'goal z  · shop',
    'goal a …',
    '│ goal b …',
    '│ │ INFO  late',
  ]);
});

test('tree: a task without a start, cycles and deep trees are handled', async () => {
  const deep = Array.from({ length: 100 }, (_, at) => started(`t${at}`, at === 0 ? undefined : `t${at - 1}`));
  const text = await shown(
    [taskRecord('x', 'y', 'orphan'), taskRecord('p', 'q', 'one'), taskRecord('q', 'p', 'two'), ...deep],
    { format: 'tree' },
  );
  expect(lines(text).slice(0, 2)).toEqual(['goal x …', '│ INFO  orphan']);
  expect(text).toContain('(+39) ');
});

test('tree: the table of open tasks is bounded', async () => {
  const stream = new Collected();
  const sink = new ConsoleSink({ ...defaults, format: 'tree' }, { stream, log: listener(), env: {} });
  await sink.open();
  for (let round = 0; round < 20; round += 1) {
    const records = Array.from({ length: 500 }, (_, at) => started(`${round}-${at}`));
    await sink.write([journal.add(batch(records), records.length)], never);
  }
  // The first was evicted, so it is announced again; the last is still known as shown.
  await sink.write([journal.add(batch([taskRecord('19-499', undefined, 'known')]))], never);
  expect(stream.text.endsWith('│ INFO  known\n')).toBe(true);
  expect(lines(stream.text).at(-2)).toBe('goal 19-499  · shop');
});

test('it waits for a slow stream, and shows nothing twice after an aborted call', async () => {
  const blocked: (() => void)[] = [];
  let text = '';
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      blocked.push(done);
    },
  });
  const sink = new ConsoleSink(defaults, { stream: slow, log: listener(), env: {} });
  await sink.open();
  const abort = new AbortController();
  const entries = [journal.add(one('once'))];
  const first = sink.write(entries, abort.signal);
  while (blocked.length === 0) await new Promise(setImmediate);
  abort.abort(new Error('time-out'));
  await expect(first).rejects.toThrow('time-out');
  await expect(sink.write([journal.add(one('never begun'))], abort.signal)).rejects.toThrow('time-out');
  const second = sink.write([...entries, journal.add(one('twice'))], never);
  while (blocked.length > 0 || !text.includes('twice')) {
    blocked.shift()?.();
    await new Promise(setImmediate);
  }
  blocked.shift()?.();
  await second;
  expect(text.match(/once/g)).toHaveLength(1);
  expect(text.match(/twice/g)).toHaveLength(1);
});

test('if the reader of a pipe closes it, that is logged once, and later records are counted as dropped', async () => {
  const child = spawn(process.execPath, ['-e', 'process.exit(0)'], { stdio: ['pipe', 'ignore', 'ignore'] });
  await new Promise((resolve) => child.once('exit', resolve));
  const log = listener();
  const sink = new ConsoleSink(defaults, { stream: child.stdin, log, env: {} });
  await sink.open();
  await sink.write([journal.add(one('x'.repeat(100_000)))], never);
  await sink.write([journal.add(one('again'))], never);
  await sink.write([journal.add(one('again'))], never);
  await sink.close();
  expect(log.said).toHaveLength(1);
  expect(sink.dropped().output_closed).toBeGreaterThanOrEqual(2);
});

test('an entry that is not OTLP is rejected alone', async () => {
  const stream = new Collected();
  const sink = new ConsoleSink(defaults, { stream, log: listener(), env: {} });
  await sink.open();
  const bad = journal.add(Buffer.from([10, 200]));
  await expect(sink.write([journal.add(one('a')), bad, journal.add(one('b'))], never)).rejects.toMatchObject({
    indexes: [bad.index],
  });
  expect(stream.text.split('\n')).toHaveLength(3);
});

test.each(['tree', 'flat'] as const)(
  'in form %s the text is a small multiple of the request, whatever resource and scope are called',
  async (format) => {
    await fc.assert(
      fc.asyncProperty(amplifying, async ({ body, records }) => {
        const stream = new Collected();
        const sink = new ConsoleSink({ ...defaults, format }, { stream, log: listener(), env: {} });
        await sink.write([journal.add(body, records)], never);
        expect(Buffer.byteLength(stream.text)).toBeLessThanOrEqual(4 * body.length + 600 * records);
      }),
      { numRuns: 300 },
    );
  },
);

test('short records of two deep branches in turn do not print long names of all their tasks again', async () => {
  const depth = 60;
  const name = 'x'.repeat(4_000);
  const started = (branch: string) =>
    Array.from({ length: depth }, (_, at) =>
      record('', {
        traceId: TRACE,
        eventName: 'task.started',
        attributes: [
          ['task.id', `${branch}${at}`],
          ['task.name', name],
          ...(at === 0 ? [] : [['task.parent.id', `${branch}${at - 1}`] as const]),
        ],
      }),
    );
  const inTurn = Array.from({ length: 200 }, (_, at) =>
    record('', { traceId: TRACE, attributes: [['task.id', `${at % 2 === 0 ? 'a' : 'b'}${depth - 1}`]] }),
  );
  const before = await shown([...started('a'), ...started('b')], { format: 'tree' });
  const all = await shown([...started('a'), ...started('b'), ...inTurn], { format: 'tree' });

  expect(Buffer.byteLength(all) - Buffer.byteLength(before)).toBeLessThan(2_000 * inTurn.length);
});
