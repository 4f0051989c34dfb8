import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JournalEntry } from '../../src/component/contract.ts';
import { resolve } from '../../src/settings/index.ts';
import { FileSink, fileSinkOptions } from '../../src/sinks/file/index.ts';
import type { LineFormat, LineSource } from '../../src/sinks/file/line-source.ts';
import { LinesHere } from '../../src/sinks/file/lines-here.ts';
import { LinesInThread } from '../../src/sinks/file/lines-in-thread.ts';
import { folderForEachTest } from './support/folder.ts';
import { batch, listener, one, record } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';

const built = pathToFileURL(join(__dirname, '../../dist/esm/sinks/file/line-thread.js'));
const failing = pathToFileURL(join(__dirname, 'programs/failing-thread.js'));
const nowhere = pathToFileURL(join(__dirname, 'programs/there-is-none.js'));
const never = new AbortController().signal;
const folder = folderForEachTest();
const sources: LineSource[] = [];
afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.close()));
});

function inThread(format: LineFormat, thread: URL, log = listener()): LinesInThread {
  const source = new LinesInThread({ format, thread, log });
  sources.push(source);
  return source;
}

/** 4 MiB in 400 batches of different lengths, every 50th of which cannot be read. */
function manyEntries(): JournalEntry[] {
  const journal = new MemoryJournal();
  return Array.from({ length: 400 }, (_, at) => {
    if (at % 50 === 7) return journal.add(new Uint8Array(300).fill(0xff));
    const records = Array.from({ length: 1 + (at % 9) }, (_, of) =>
      record(`${at}.${of} ${'ü'.repeat(at * 5)}`),
    );
    return journal.add(batch(records), records.length);
  });
}

async function made(source: LineSource, entries: readonly JournalEntry[], signal = never) {
  const bad = { indexes: [] as number[], message: '' };
  const pieces: Uint8Array[] = [];
  for await (const piece of source.lines(entries, bad, signal)) pieces.push(Uint8Array.from(piece));
  return { text: Buffer.concat(pieces).toString('utf8'), bad };
}

describe.each(['otlpJson', 'text'] as const)('lines as %s', (format) => {
  test('made in a thread are the same, and so is what is bad', async () => {
    const entries = manyEntries();
    const here = await made(new LinesHere(format), entries);
    expect(here.bad.indexes).toEqual([8, 58, 108, 158, 208, 258, 308, 358]);
    const log = listener();
    const source = inThread(format, built, log);
    expect(await made(source, entries)).toEqual(here);
    expect(await made(source, entries)).toEqual(here);
    expect(log.said).toEqual([]);
  });

  test('are made here when the thread fails: told once, and nothing is missing', async () => {
    const entries = manyEntries();
    const here = await made(new LinesHere(format), entries);
    const log = listener();
    const source = inThread(format, failing, log);
    expect(await made(source, entries)).toEqual(here);
    expect(await made(source, entries)).toEqual(here);
    expect(log.said).toEqual([
      `file sink: its worker thread ended, the main thread continues the work: ${
        format === 'otlpJson' ? 'Error: out of order' : 'it ended with 3'
      }`,
    ]);
  });
});

test('a few bytes are not worth a thread, many are', async () => {
  const log = listener();
  const source = inThread('text', nowhere, log);
  const journal = new MemoryJournal();
  const few = [journal.add(one('one')), journal.add(one('two'))];
  expect((await made(source, few)).text).toMatch(/ one\n.* two\n$/);
  expect(log.said).toEqual([]);
  const many = manyEntries();
  expect(await made(source, many)).toEqual(await made(new LinesHere('text'), many));
  expect(log.said).toEqual([expect.stringContaining('there-is-none.js')]);
});

test('it ends when it is told to, and can go on with the next call', async () => {
  const source = inThread('text', built);
  const entries = manyEntries();
  const reason = new Error('enough');
  await expect(made(source, entries, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(await made(source, entries)).toEqual(await made(new LinesHere('text'), entries));
});

test('an entry that is too large for it is made here, in its place', async () => {
  const journal = new MemoryJournal();
  const large = journal.add(one('x'.repeat(5_000_000)));
  const entries = [...Array.from({ length: 3 }, () => journal.add(one('y'.repeat(400_000)))), large];
  entries.push(journal.add(one('last')));
  const source = inThread('text', built);
  expect(await made(source, entries)).toEqual(await made(new LinesHere('text'), entries));
});

test('a file sink with a thread writes all, and says which it could not', async () => {
  const path = join(folder(), 'app.log');
  const sink = new FileSink(
    { ...resolve(fileSinkOptions, 'file', { format: 'text' }), path },
    { thread: built, log: listener() },
  );
  await sink.open(undefined);
  const entries = manyEntries();
  await expect(sink.write(entries, never)).rejects.toMatchObject({
    rejected: true,
    cause: 'malformed',
    indexes: [8, 58, 108, 158, 208, 258, 308, 358],
  });
  await sink.close();
  expect(readFileSync(path, 'utf8')).toBe((await made(new LinesHere('text'), entries)).text);
});
