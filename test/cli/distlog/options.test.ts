import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { jsonRows, plainData } from '../../../src/cli/distlog/json-rows.ts';
import { Progress } from '../../../src/cli/distlog/progress.ts';
import { limitOf, queryOf } from '../../../src/cli/distlog/query-options.ts';
import { recordLines } from '../../../src/cli/distlog/record-lines.ts';
import { reading } from '../../../src/cli/distlog/session.ts';
import { paintOf } from '../../../src/cli/distlog/show-options.ts';
import { sourceOf } from '../../../src/cli/distlog/source-options.ts';
import { ExitCode } from '../../../src/cli/exit-code.ts';
import type { Terminal } from '../../../src/cli/io.ts';
import { decodeJsonLogs, groupsOf } from '../../../src/otlp/index.ts';
import { ReaderError, type ReaderErrorKind } from '../../../src/reader/index.ts';
import { buildTrees } from '../../../src/tree/index.ts';
import { otlpLine } from '../../tree/otlp-lines.ts';
import { ERROR, record, TaskStory, TRACE } from '../../tree/story.ts';
import { fakeIo } from '../support/fake-io.ts';
import { tempFolder } from './support.ts';

const folder = tempFolder();

describe('a time', () => {
  const now = Date.UTC(2026, 10, 30);
  const since = async (text: string) => (await queryOf({ since: text }, now)).fromNanos;

  test.each([
    ['5m', BigInt(now - 300_000) * 1_000_000n],
    ['1h30m', BigInt(now - 5_400_000) * 1_000_000n],
    ['0', BigInt(now) * 1_000_000n],
    ['1970-01-01', 0n],
    ['2026-11-21', 1_795_219_200_000_000_000n],
    ['2026-11-21T06:12', 1_795_241_520_000_000_000n],
    ['2026-11-21 06:12:36', 1_795_241_556_000_000_000n],
    ['2026-11-21T06:12:36Z', 1_795_241_556_000_000_000n],
    ['2026-11-21T07:12:36+01:00', 1_795_241_556_000_000_000n],
    ['2026-11-21T06:12:36.5', 1_795_241_556_500_000_000n],
    ['2026-11-21T06:12:36.000000001Z', 1_795_241_556_000_000_001n],
    ['2026-11-21T04:12:36.123456789-02:00', 1_795_241_556_123_456_789n],
  ])('%s is %d nanoseconds', async (text, nanos) => {
    expect(await since(text)).toBe(nanos);
    expect((await queryOf({ until: text }, now)).toNanos).toBe(nanos);
  });

  test.each([
    '',
    'yesterday',
    '5',
    '-5m',
    '99999999d',
    '2026-13-01',
    '2026-11-21T25:00',
    '1969-12-31',
    '2026-11-21T06:12.5',
  ])('%j is refused', async (text) => {
    const message = `must be a duration such as 5m, or a date such as 2026-11-30T06:12:00Z; got ${JSON.stringify(text)}`;
    await expect(since(text)).rejects.toMatchObject({ exitCode: 64, message: `--since ${message}` });
    await expect(queryOf({ until: text }, now)).rejects.toMatchObject({ message: `--until ${message}` });
  });

  test('that is not given bounds nothing', async () => {
    expect(await queryOf({})).toEqual({ when: undefined, fromNanos: undefined, toNanos: undefined });
  });
});

test('a limit is a whole number up to the most', () => {
  expect([limitOf(undefined, 10, 3), limitOf('1', 10, 3), limitOf('10', 10, 3)]).toEqual([3, 1, 10]);
  for (const wrong of ['0', '11', '', '1.5', '1e1', ' 1', '9999999999']) {
    expect(() => limitOf(wrong, 10, 3)).toThrow(
      `--limit must be a whole number from 1 to 10; got ${JSON.stringify(wrong)}`,
    );
  }
});

describe('how lines look', () => {
  const terminal = (columns: number, color = true): Terminal => ({ columns, color, redraw: () => {} });
  const paint = (given: Parameters<typeof paintOf>[0], of?: Terminal) => {
    const { color, width, ascii, marks } = paintOf(given, { ...fakeIo('/').io, terminal: of });
    return [color, width, ascii, marks.cut];
  };

  test('is that of the terminal, and plain without one', () => {
    expect(paint({})).toEqual([false, Number.POSITIVE_INFINITY, false, '…']);
    expect(paint({}, terminal(80))).toEqual([true, 80, false, '…']);
    expect(paint({}, terminal(80, false))).toEqual([false, 80, false, '…']);
    expect(paint({}, terminal(20))).toEqual([true, 20, false, '…']);
    expect(paint({}, terminal(19))).toEqual([true, Number.POSITIVE_INFINITY, false, '…']);
  });

  test('is what the options say', () => {
    expect(paint({ color: 'always', ascii: true, width: '20' })).toEqual([true, 20, true, '...']);
    expect(paint({ color: 'never', width: '100' }, terminal(80))).toEqual([false, 100, false, '…']);
    expect(paint({ color: 'auto' }, terminal(80))).toEqual([true, 80, false, '…']);
    for (const width of ['19', '', '1e3', '-30', '9999999']) {
      expect(() => paint({ width })).toThrow(
        `--width must be a whole number from 20; got ${JSON.stringify(width)}`,
      );
    }
  });
});

describe('what a source reports', () => {
  const said = async (read: Parameters<typeof reading>[1]) => {
    const { io, err } = fakeIo('/');
    const code = await reading(io, read);
    return { code, err };
  };

  test('is written to standard error', async () => {
    const { code, err } = await said(async (signal, onNotice) => {
      onNotice({ notice: 'missed', records: 1 });
      onNotice({ notice: 'missed', records: 2_000 });
      onNotice({ notice: 'problem', message: 'line 3 is no JSON' });
      onNotice({ notice: 'more' });
      expect(signal.aborted).toBe(false);
      return ExitCode.FAILED;
    });
    expect(code).toBe(1);
    expect(err).toEqual([
      'distlog: 1 record missed: they arrived faster than they were read',
      'distlog: 2,000 records missed: they arrived faster than they were read',
      'distlog: line 3 is no JSON',
    ]);
  });

  test.each<[ReaderErrorKind, number]>([
    ['not_found', 66],
    ['unavailable', 69],
    ['refused', 77],
    ['query', 64],
    ['cut', 69],
    ['answer', 69],
  ])('as an error of kind %s ends with %d', async (kind, exitCode) => {
    const failing = said(() => Promise.reject(new ReaderError(kind, 'what to do')));
    await expect(failing).rejects.toMatchObject({ exitCode, message: 'what to do' });
  });

  test('as any other error stays that error', async () => {
    const error = new TypeError('a defect');
    await expect(said(() => Promise.reject(error))).rejects.toBe(error);
  });
});

describe('where records are read from', () => {
  const io = (more: object = {}) => ({ ...fakeIo(folder.path).io, ...more });
  const unanswered = async (...of: Parameters<typeof sourceOf>) => {
    const { source } = sourceOf(...of);
    const error = await source
      .count({ words: '' }, new AbortController().signal)
      .catch((reason: Error) => reason);
    return (error as Error).message;
  };

  test('is one of files, a daemon and VictoriaLogs', () => {
    const [daemon, victoria] = [{ daemon: './a.sock' }, { 'victoria-logs': 'http://b' }];
    for (const [given, files] of [
      [daemon, ['f']],
      [victoria, ['f']],
      [{ ...daemon, ...victoria }, []],
    ] as const) {
      expect(() => sourceOf(given, files, io())).toThrow(
        'files, --daemon and --victoria-logs exclude each other',
      );
    }
  });

  test('is files before the environment, the environment before standard input, and an empty one is none', async () => {
    const environment = { DISTLOG_DAEMON: './env.sock' };
    expect(await unanswered({}, ['no.jsonl'], io({ environment, hasInput: true }))).toMatch(
      /no\.jsonl: no such file/,
    );
    expect(await unanswered({}, [], io({ environment, hasInput: true }))).toContain(
      `${folder.path}/env.sock`,
    );
    expect(await unanswered({ daemon: './given.sock' }, [], io({ environment }))).toContain(
      `${folder.path}/given.sock`,
    );
    expect(() => sourceOf({}, [], io({ environment: { DISTLOG_DAEMON: '' } }))).toThrow(/^no source: /);
    expect(() => sourceOf({}, [], io({ hasInput: true }), { withoutInput: true })).toThrow(/^no source: /);
    expect(() => sourceOf({}, [], io({ hasInput: true }))).not.toThrow();
  });

  test('is a socket by unix:, by a path with a slash, or by the name of a file that is there', async () => {
    const there = folder.write('there', '');
    expect(await unanswered({ daemon: 'unix:gone' }, [], io())).toContain(
      `the daemon at ${folder.path}/gone`,
    );
    expect(await unanswered({ daemon: 'a/gone' }, [], io())).toContain(`the daemon at ${folder.path}/a/gone`);
    expect(await unanswered({ daemon: 'there' }, [], io())).toContain(`the daemon at ${there}`);
    expect(() => sourceOf({ daemon: 'gone' }, [], io())).toThrow('or the path of a socket; got "gone"');
    expect(() => sourceOf({ 'victoria-logs': './gone' }, [], io())).toThrow(
      '--victoria-logs must be a URL such as http://localhost:5080; got "./gone"',
    );
  });

  test('a file of a token or of certificates that cannot be read ends with 66', () => {
    mkdirSync(join(folder.path, 'folder'), { recursive: true });
    const at = (given: object) => () => sourceOf({ daemon: 'http://127.0.0.1:1', ...given }, [], io());
    expect(at({ 'token-file': 'gone' })).toThrow(
      expect.objectContaining({ exitCode: 66, message: 'gone: no such file' }),
    );
    expect(at({ 'ca-file': 'folder' })).toThrow(
      expect.objectContaining({ exitCode: 66, message: 'folder: EISDIR' }),
    );
  });
});

test('a long reading is shown on a terminal, from half a second on, five times a second', () => {
  let now = 0;
  const written: string[] = [];
  const out = { isTTY: true, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  const progress = new Progress(out, () => now);
  progress.clear();
  for (const at of [0, 499, 500, 699, 700]) {
    now = at;
    progress.show(at, 2_048);
  }
  progress.clear();
  progress.clear();
  expect(written).toEqual([
    '\rreading: 500 records, 2 KiB\x1b[K',
    '\rreading: 700 records, 2 KiB\x1b[K',
    '\r\x1b[K',
  ]);
  const toFile = new Progress({ ...out, isTTY: false } as unknown as NodeJS.WriteStream, () => now);
  now = 10_000;
  toFile.show(1, 1);
  toFile.clear();
  expect(written).toHaveLength(3);
});

describe('lines of records', () => {
  const groups = (...at: readonly number[]) => [
    ...groupsOf(decodeJsonLogs(otlpLine(record({ body: 'x', at: at[0]! })))),
    ...at
      .slice(1)
      .flatMap((each) => [...groupsOf(decodeJsonLogs(otlpLine(record({ body: 'x', at: each }))))]),
  ];
  const lines = (options: Parameters<typeof recordLines>[0], ...at: readonly number[]) => {
    const of = recordLines(options);
    return groups(...at).flatMap((group) => [...of(group)]);
  };
  const day = 86_400_000;

  test('have the date in front of the first record of each day', () => {
    const found = lines({ form: 'flat', color: false }, 0, 1, day, day + 1, 2);
    expect(found.map((line) => line.slice(0, 14))).toEqual([
      '2026-11-21 UTC',
      ...['06:12:36.000 I', '06:12:36.001 I'],
      '2026-11-22 UTC',
      ...['06:12:36.000 I', '06:12:36.001 I'],
      '2026-11-21 UTC',
      '06:12:36.002 I',
    ]);
    expect(lines({ form: 'tree', color: true }, 0)[0]).toBe('\x1b[2m2026-11-21 UTC\x1b[0m');
  });

  test('are one of OTLP/JSON for each record, without dates', () => {
    const found = lines({ form: 'json', color: true }, 0, day);
    expect(found.map((line) => JSON.parse(line).resourceLogs[0].scopeLogs[0].logRecords.length)).toEqual([
      1, 1,
    ]);
    expect(found.filter((line) => line.includes('\n') || line.includes('\x1b'))).toEqual([]);
  });
});

describe('trees as JSON', () => {
  const rows = (records: Parameters<typeof buildTrees>[0], withRecords = false) =>
    [...jsonRows(buildTrees(records), withRecords)].map((line) => JSON.parse(line));

  test('contain every known field of a task, and the position of a missing one', () => {
    const outer = new TaskStory('a', 'outer', { attributes: { user: 'leo', big: 2n ** 60n } })
      .start(0, { 'task.links': [`00-${'e'.repeat(32)}-${'f'.repeat(16)}-01`] })
      .say(1, 'call', { spanId: 'http' })
      .hold(2)
      .fail(2, 0.5, { 'exception.type': 'E', 'exception.message': 'm' });
    const inner = new TaskStory('b', 'inner', { parent: 'http', service: 'stock' })
      .say(3, 'x')
      .fail(4, 1, {}, { severity: 13 });
    expect(rows([...outer.records, ...inner.records])).toEqual([
      {
        ...{
          kind: 'task',
          traceId: TRACE,
          id: 'a',
          name: 'outer',
          service: 'shop',
          depth: 0,
          outcome: 'failed',
        },
        ...{ startSeen: true, timeUnixNano: '1795241556000000000', durationSeconds: 0.5 },
        error: { type: 'E', message: 'm', stacktrace: '' },
        data: { user: 'leo', big: '1152921504606846976' },
        links: [{ traceId: 'e'.repeat(32), spanId: 'f'.repeat(16) }],
        ...{ missing: 2, records: 3 },
      },
      { kind: 'absent', traceId: TRACE, id: 'http', parent: 'a', depth: 1 },
      {
        ...{
          kind: 'task',
          traceId: TRACE,
          id: 'b',
          name: 'inner',
          service: 'stock',
          parent: 'a',
          parentId: 'http',
        },
        ...{
          depth: 2,
          outcome: 'failed',
          expected: true,
          startSeen: false,
          timeUnixNano: '1795241556003000000',
        },
        ...{ durationSeconds: 1, data: {}, missing: 0, records: 2 },
      },
    ]);
  });

  test('have records of no task in one row, each burst in its own, and records where they are asked for', () => {
    const burst = record({ at: 1, eventName: 'burst.released', body: 'released' });
    const loose = record({ at: 2, body: 'said', spanId: 'ab', severity: 17, attributes: { n: 1n } });
    expect(rows([burst, loose])).toEqual([
      { kind: 'loose', traceId: TRACE, failed: true, records: 1 },
      {
        ...{ kind: 'burst', traceId: TRACE, timeUnixNano: '1795241556001000000', severity: 9 },
        ...{ eventName: 'burst.released', body: 'released', scope: 'test', attributes: {} },
      },
    ]);
    const [row] = rows([record({ body: 'quiet', scope: '' })], true);
    expect(row).toEqual({
      ...{ kind: 'loose', traceId: TRACE },
      records: [{ timeUnixNano: '1795241556000000000', severity: 9, body: 'quiet', attributes: {} }],
    });
    const circle = rows(new TaskStory('a', 'self', { parent: 'a' }).start(0).fail(1, 1, ERROR).records, true);
    expect(circle[0]).toMatchObject({ opensCircle: true, parentId: 'a', records: [{ body: 'self' }, {}] });
    expect(circle[0].parent).toBeUndefined();
  });

  test('have plain data: big integers are texts, at any depth', () => {
    expect(plainData([1n, { a: [2n, null, 'x', undefined] }, 0.5, true])).toEqual([
      '1',
      { a: ['2', null, 'x', undefined] },
      0.5,
      true,
    ]);
  });
});
