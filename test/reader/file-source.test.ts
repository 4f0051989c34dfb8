import { appendFileSync, chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { compileCondition } from '../../src/ottl/index.ts';
import {
  FileSource,
  type FileSourceOptions,
  type Found,
  isNotice,
  type RecordQuery,
} from '../../src/reader/index.ts';
import { inputsOf } from '../../src/reader/input-files.ts';
import { bodyText } from '../../src/text/index.ts';
import { otlpLine } from '../tree/otlp-lines.ts';
import { record, TRACE } from '../tree/story.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-source-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();
const line = (body: string, at = 0) => `${otlpLine(record({ body, at }))}\n`;
const shown = (found: Found) =>
  isNotice(found) ? [found.notice === 'problem' ? found.message : found.notice] : found.records.map(bodyText);

function write(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function find(source: FileSource, query: Partial<RecordQuery> = {}, stop = signal): Promise<string[]> {
  const all: string[] = [];
  for await (const found of source.find({ limit: Number.POSITIVE_INFINITY, ...query }, stop))
    all.push(...shown(found));
  return all;
}

const sourceOf = (files: readonly string[], more: Partial<FileSourceOptions> = {}) =>
  new FileSource({ files, ...more });

/** Replaces the standard input of this process. */
async function withInput<T>(text: string | Buffer, run: () => Promise<T>): Promise<T> {
  const original = Object.getOwnPropertyDescriptor(process, 'stdin')!;
  const value = Readable.from([Buffer.from(text)], { objectMode: false });
  Object.defineProperty(process, 'stdin', { ...original, get: () => value });
  try {
    return await run();
  } finally {
    Object.defineProperty(process, 'stdin', original);
  }
}

test('without an order all records are returned in the order of the files, with one the limit applies', async () => {
  const files = [write('a.jsonl', line('a2', 2) + line('a1', 1)), write('b.jsonl', line('b3', 3))];
  const source = sourceOf(files);
  expect(await find(source, { limit: 1 })).toEqual(['a2', 'a1', 'b3']);
  expect(await find(source, { order: 'oldest' })).toEqual(['a1', 'a2', 'b3']);
  expect(await find(source, { order: 'newest', limit: 3 })).toEqual(['b3', 'a2', 'a1']);
  expect(await find(source, { order: 'newest', limit: 2 })).toEqual(['b3', 'a2', 'more']);
  expect(source.name).toBe(files.join(', '));
  expect(source.isIndexed).toBe(false);
});

test('each part of a query narrows the result and the count', async () => {
  const other = 'c'.repeat(32);
  const lines = [
    record({ at: 1, body: 'order 1', severity: 17 }),
    record({ at: 2, body: 'order 2', traceId: other }),
    record({ at: 3, body: 'cart 3', attributes: { order: 'order 9' } }),
  ];
  const source = sourceOf([write('a.jsonl', otlpLine(...lines))]);
  const nanos = (at: number) => BigInt(lines[at]!.seconds) * 1_000_000_000n + BigInt(lines[at]!.nanos);
  const queries: [Partial<RecordQuery>, string[]][] = [
    [{ words: 'ORDER' }, ['order 1', 'order 2', 'cart 3']],
    [{ words: 'order cart' }, ['cart 3']],
    [{ traceId: TRACE }, ['order 1', 'cart 3']],
    [{ traceId: 'cc' }, ['order 2']],
    [{ when: compileCondition('severity_number >= 17') }, ['order 1']],
    [{ fromNanos: nanos(1) }, ['order 2', 'cart 3']],
    [{ toNanos: nanos(1) }, ['order 1']],
    [{ fromNanos: nanos(1), toNanos: nanos(1) + 1n, words: 'order' }, ['order 2']],
    [{ words: 'nowhere' }, []],
  ];
  for (const [query, expected] of queries) {
    expect(await find(source, query)).toEqual(expected);
    expect(await source.count(query, signal)).toEqual({ records: expected.length, atLeast: false });
  }
});

test('lines that cannot be read are reported after the records of their file: the first five, and how many', async () => {
  const few = write('few.jsonl', `no json\n${line('a')}{"level":30,"msg":"x"}\n`);
  const many = write('many.jsonl', `${'x\n'.repeat(6)}${line('b')}`);
  const found = await find(sourceOf([few, many]));
  expect(found).toEqual([
    'a',
    expect.stringMatching(
      /few\.jsonl: 2 lines could not be read: line 1 \(.+\), line 3 \(a line of pino .+\)$/,
    ),
    'b',
    expect.stringMatching(
      /many\.jsonl: 6 lines could not be read: (?:line \d \([^)]+\), ){4}line 5 \([^)]+\), \.\.\.$/,
    ),
  ]);
  expect(await sourceOf([few, many]).count({}, signal)).toEqual({ records: 2, atLeast: false });
});

test('a truncated compressed file is shown as far as it can be read, and the next one is read', async () => {
  const whole = gzipSync(Array.from({ length: 3_000 }, (_, at) => line(`${at} ${Math.sin(at)}`)).join(''));
  const cut = write('cut.jsonl.gz', whole.subarray(0, whole.length - 2_000));
  const found = await find(sourceOf([cut, write('b.jsonl', line('b'))]));
  expect(found[0]).toBe('0 0');
  expect(found.at(-1)).toBe('b');
  expect(found.find((each) => each.startsWith(cut))).toMatch(
    /: unexpected end of file; the records before the error are shown$/,
  );
});

test('progress is the total of all files so far', async () => {
  const files = [write('a.jsonl', line('a') + line('b')), write('b.jsonl', line('c'))];
  const calls: [number, number][] = [];
  await find(sourceOf(files, { onProgress: (...call) => calls.push(call) }));
  const [one, all] = [2, 3].map((count) => count * line('a').length);
  expect(calls).toEqual([
    [2, one],
    [3, all],
  ]);
});

test('a missing file is an error before anything is shown, an empty one has no records', async () => {
  const empty = write('empty.jsonl', '');
  expect(await find(sourceOf([empty]))).toEqual([]);
  const missing = sourceOf([write('a.jsonl', line('a')), join(folder, 'none.jsonl')]);
  await expect(find(missing)).rejects.toMatchObject({
    kind: 'not_found',
    message: `${join(folder, 'none.jsonl')}: no such file`,
  });
  await expect(missing.count({}, signal)).rejects.toMatchObject({ kind: 'not_found' });
  await expect(find(sourceOf([join(empty, 'x')]))).rejects.toThrow(
    `${join(empty, 'x')}: cannot be read (ENOTDIR)`,
  );
});

(process.getuid?.() === 0 ? test.skip : test)('a file of somebody else is an error', async () => {
  const file = write('a.jsonl', line('a'));
  chmodSync(file, 0);
  await expect(find(sourceOf([file]))).rejects.toThrow(`${file}: cannot be read (EACCES)`);
});

test('the files of log records in a directory are read by name, and named in messages', async () => {
  for (const name of ['b.ndjson', 'a.json', 'notes.md', 'c.jsonl.2.gz', 'x.jsonl.']) write(name, '');
  const names = (await inputsOf([folder, '-'])).map(({ name }) => name);
  expect(names).toEqual([
    ...['a.json', 'b.ndjson', 'c.jsonl.2.gz'].map((name) => join(folder, name)),
    'standard input',
  ]);
});

test('records of a file that is being compressed are shown once, at any time', async () => {
  const name = 'app.jsonl.20261121T061236123Z';
  const rotated = write(name, line('a'));
  const unfinished = write(`${name}.gz.unfinished`, gzipSync(line('a')).subarray(0, 20));
  expect(await find(sourceOf([folder]))).toEqual(['a']);
  // Compressed, and not yet removed.
  renameSync(unfinished, `${rotated}.gz`);
  writeFileSync(`${rotated}.gz`, gzipSync(line('a')));
  expect(await find(sourceOf([folder]))).toEqual(['a']);
  // Removed after it was found.
  rmSync(`${rotated}.gz`);
  const [input] = await inputsOf([folder]);
  writeFileSync(`${rotated}.gz`, gzipSync(line('a')));
  rmSync(rotated);
  const chunks: Uint8Array[] = [];
  for await (const chunk of input!.chunks()) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe(line('a'));
});

test('an abort ends a search and a count quietly', async () => {
  const source = sourceOf([write('a.jsonl', line('a'))]);
  const aborted = AbortSignal.abort();
  expect(await find(source, { order: 'newest' }, aborted)).toEqual([]);
  expect(await source.count({}, aborted)).toEqual({ records: 0, atLeast: true });
});

describe('standard input', () => {
  test.each([
    ['as it is', (text: string) => Buffer.from(text)],
    ['compressed', (text: string) => gzipSync(text)],
  ])('%s is read among files', async (_name, form) => {
    const source = sourceOf([write('a.jsonl', line('file')), '-']);
    const found = await withInput(form(line('input')), () => find(source));
    expect(found).toEqual(['file', 'input']);
    expect(source.name).toBe(`${join(folder, 'a.jsonl')}, standard input`);
  });

  test('is kept for further queries if requested; its errors are reported once', async () => {
    const source = sourceOf(['-'], { holdsInput: true });
    const problem = expect.stringMatching(/^standard input: 1 line could not be read: line 2 /);
    await withInput(`${line('a')}no json\n${line('b')}`, async () => {
      expect(await find(source)).toEqual(['a', 'b', problem]);
      expect(await find(source, { words: 'b' })).toEqual(['b']);
      expect(await source.count({}, signal)).toEqual({ records: 2, atLeast: false });
    });
  });

  test('files alone are read again by each query, even if input would be kept', async () => {
    const file = write('a.jsonl', line('a'));
    const source = sourceOf([file], { holdsInput: true });
    expect(await find(source)).toEqual(['a']);
    appendFileSync(file, line('b'));
    expect(await find(source)).toEqual(['a', 'b']);
  });

  test('a live view of it ends with it, and other files are read once', async () => {
    const source = sourceOf(['-', write('a.jsonl', `${line('file')}no json\n`)]);
    const seen: string[] = [];
    await withInput(line('input') + line('other'), async () => {
      for await (const found of source.tail({ words: 'input' }, signal)) seen.push(...shown(found));
    });
    expect(seen).toEqual(['input', expect.stringContaining('a.jsonl: 1 line could not be read')]);
  });
});

test('a live view of files shows new matching records, and from the beginning also the existing ones', async () => {
  const file = write('a.jsonl', line('old 1') + line('old 2'));
  const source = sourceOf([file], { followMillis: 1 });
  const next = async (query: Parameters<FileSource['tail']>[0], isReady: () => void) => {
    const stop = new AbortController();
    const all = source.tail(query, stop.signal)[Symbol.asyncIterator]();
    const first = all.next();
    isReady();
    const { value } = await first;
    stop.abort();
    await all.return?.(undefined);
    return shown(value as Found);
  };
  expect(await next({ words: '2', fromNanos: 0n }, () => {})).toEqual(['old 2']);
  let writing: NodeJS.Timeout | undefined;
  const shownNew = await next({ words: 'new' }, () => {
    writing = setInterval(() => appendFileSync(file, line('old') + line('new')), 2);
  });
  clearInterval(writing);
  expect(shownNew).toEqual(['new']);
});
