import * as fc from 'fast-check';
import type { JournalEntry } from '../../src/component/index.ts';
import { logGroups } from '../../src/otlp/index.ts';
import { type BadEntries, FileLines, textLines } from '../../src/sinks/file/file-lines.ts';
import { amplifying } from '../otlp/amplifying.ts';
import { batch, one, record } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';

/** Time, severity, names of service and logger, trace and span. */
const MOST_OF_A_LINE = 400;
const MIB = 1_048_576;
const never = new AbortController().signal;

async function made(lines: FileLines, entries: readonly JournalEntry[], signal = never) {
  const bad: BadEntries = { indexes: [], message: '' };
  const pieces: string[] = [];
  for await (const piece of lines.lines(entries, bad, signal))
    pieces.push(Buffer.from(piece).toString('utf8'));
  return { pieces, text: pieces.join(''), bad };
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

test.each(['otlpJson', 'text'] as const)(
  'as %s, every record is there once and in order, and each entry that cannot be read is noted',
  async (format) => {
    const lines = new FileLines(format);
    const first = await made(lines, manyEntries());
    expect(first.bad.indexes).toEqual([8, 58, 108, 158, 208, 258, 308, 358]);
    expect(first.bad.message).not.toBe('');
    const found = [...first.text.matchAll(/\b(\d+)\.(\d+) ü*/g)].map(([, at, of]) => `${at}.${of}`);
    const expected = Array.from({ length: 400 }, (_, at) =>
      at % 50 === 7 ? [] : Array.from({ length: 1 + (at % 9) }, (_, of) => `${at}.${of}`),
    );
    expect(found).toEqual(expected.flat());
    expect(await made(lines, manyEntries())).toEqual(first);
  },
);

test('chunks are complete lines of about a MiB', async () => {
  const { pieces } = await made(new FileLines('text'), manyEntries());
  expect(pieces.length).toBeGreaterThan(2);
  for (const [at, piece] of pieces.entries()) {
    expect(piece.endsWith('\n')).toBe(true);
    expect(Buffer.byteLength(piece)).toBeLessThan(2 * MIB);
    if (at < pieces.length - 1) expect(Buffer.byteLength(piece)).toBeGreaterThanOrEqual(MIB);
  }
});

test('an entry of more than 8 MiB is returned in chunks', async () => {
  const journal = new MemoryJournal();
  const records = Array.from({ length: 200 }, (_, at) => record(`${at} ${'x'.repeat(60_000)}`));
  const { pieces, text } = await made(new FileLines('text'), [journal.add(batch(records), 200)]);
  expect(pieces.length).toBe(2);
  expect(text.split('\n')).toHaveLength(201);
});

test('an abort ends it with its reason, and the next call starts from the beginning', async () => {
  const lines = new FileLines('text');
  const reason = new Error('enough');
  await expect(made(lines, manyEntries(), AbortSignal.abort(reason))).rejects.toBe(reason);
  const journal = new MemoryJournal();
  expect((await made(lines, [journal.add(one('after'))])).text).toMatch(/^[^\n]* after\n$/);
});

test('lines of text are a small multiple of the request, whatever their service and logger are called', () => {
  fc.assert(
    fc.property(amplifying, ({ body, records }) => {
      const text = [...logGroups(body)].map(textLines).join('');
      expect(text.split('\n')).toHaveLength(records + 1);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8 * body.length + MOST_OF_A_LINE * records);
    }),
    { numRuns: 500 },
  );
});
