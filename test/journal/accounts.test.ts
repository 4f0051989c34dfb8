import * as fc from 'fast-check';
import type { JournalEntry } from '../../src/component/contract.ts';
import { Journal, type JournalOptions } from '../../src/journal/index.ts';
import { FragileFiles } from './support/fragile-files.ts';
import { batchOf, originOf, producerOf } from './support/journal-tools.ts';

const never = new AbortController().signal;

function openOn(files: FragileFiles, options: Partial<JournalOptions> = {}): Promise<Journal> {
  return Journal.open({ directory: '/journal', files, minFreeBytes: 0, segmentBytes: 4_096, ...options });
}

/** A closed journal with entries of about `bytes` each, a few per segment. */
async function written(count: number, bytes: number): Promise<FragileFiles> {
  const files = new FragileFiles();
  const journal = await openOn(files);
  for (let seq = 1; seq <= count; seq += 1) await journal.append(batchOf(`${seq}`, originOf(1, seq), bytes));
  await journal.close();
  return files;
}

/** Reads to the end, as a sink does. */
async function read(journal: Journal, position = 1, recordsBefore?: number) {
  const reader = journal.reader(position, recordsBefore);
  const found: JournalEntry[] = [];
  while (reader.position < journal.next) found.push(...(await reader.next(2_000, never)));
  const { missing } = reader;
  return { found, missing, recordsBefore: reader.recordsBefore };
}

const recordsOf = (texts: readonly string[]) => texts.reduce((sum, text) => sum + text.length, 0);
const textsUpTo = (count: number) => Array.from({ length: count }, (_, at) => `${at + 1}`);
const sum = (entries: readonly JournalEntry[]) => entries.reduce((total, { records }) => total + records, 0);

test('after any damage or removal before the last segment, read and missing records add up to all', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 12, max: 40 }),
      fc.integer({ min: 300, max: 1_500 }),
      fc.array(
        fc.record({
          kind: fc.constantFrom('flip', 'zero', 'remove'),
          segment: fc.nat(),
          place: fc.nat(),
          length: fc.integer({ min: 1, max: 3_000 }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      async (count, bytes, harms) => {
        const files = await written(count, bytes);
        for (const { kind, segment, place, length } of harms) {
          const names = files.segments().slice(0, -1);
          if (names.length === 0) continue;
          const name = names[segment % names.length]!;
          const content = Buffer.from(files.bytesOf(name));
          // After the header, which exists twice, and the table of producers.
          const at = 1_056 + (place % Math.max(1, content.length - 1_056));
          if (kind === 'flip') content[at]! ^= 1;
          if (kind === 'zero') content.fill(0, at, Math.min(at + length, content.length));
          if (kind === 'remove') files.remove(name);
          else files.replace(name, content);
        }
        const journal = await openOn(files);
        const { found, missing, recordsBefore } = await read(journal, 1, 0);
        expect(found.length + missing.batches).toBe(count);
        expect(sum(found) + missing.records).toBe(recordsOf(textsUpTo(count)));
        expect(recordsBefore).toBe(recordsOf(textsUpTo(count)));
        // A second reader gets the same sums.
        const again = await read(journal, 1, 0);
        expect(again.missing).toEqual(missing);
        await journal.close();
      },
    ),
    { numRuns: 200 },
  );
}, 120_000);

test('a reader that returns to a trimmed position learns how many records it has missed', async () => {
  const files = new FragileFiles();
  const journal = await openOn(files);
  for (let seq = 1; seq <= 20; seq += 1) await journal.append(batchOf(`${seq}`, originOf(1, seq), 1_000));
  await journal.trim(15);
  const { found, missing } = await read(journal, 5, recordsOf(textsUpTo(4)));
  expect(journal.first).toBeGreaterThan(5);
  expect(missing.batches).toBe(journal.first - 5);
  expect(sum(found) + missing.records).toBe(recordsOf(textsUpTo(20)) - recordsOf(textsUpTo(4)));
});

test('the number of earlier records is unknown within a segment, and known from the next one on', async () => {
  const files = await written(6, 1_000);
  const journal = await openOn(files, { recentBytes: 0 });
  const reader = journal.reader(2);
  expect(reader.recordsBefore).toBeUndefined();
  await reader.next(1, never);
  expect([reader.position, reader.recordsBefore]).toEqual([3, undefined]);
  while (reader.position < 5) await reader.next(1, never);
  expect(reader.recordsBefore).toBe(recordsOf(textsUpTo(reader.position - 1)));
  expect(reader.missing).toEqual({ batches: 0, records: 0 });
});

test('truncated entries that were never acknowledged are skipped and do not count as lost', async () => {
  const files = new FragileFiles();
  let journal = await openOn(files, { segmentBytes: 100_000 });
  for (let seq = 1; seq <= 3; seq += 1) await journal.append(batchOf(`${seq}`, originOf(1, seq), 1_000));
  const [name] = files.segments();
  const killed = files.killed();
  const content = Buffer.from(killed.bytesOf(name!));
  content.fill(0, content.length - 100);
  killed.replace(name!, content);

  journal = await openOn(killed, { segmentBytes: 100_000 });
  expect(journal.behind(3).batches).toBe(1);
  const reader = journal.reader(3);
  expect(await reader.next(1_000, never)).toEqual([]);
  expect(reader.position).toBe(journal.next);
  expect(reader.missing).toEqual({ batches: 0, records: 0 });
  expect(journal.behind(reader.position).batches).toBe(0);

  // It does not count for a later reader either, when other entries follow it.
  await journal.append(batchOf('new', originOf(1, 3, 2), 1_000));
  await journal.close();
  journal = await openOn(killed, { segmentBytes: 100_000 });
  const { found, missing } = await read(journal, 1, 0);
  expect(found.map(({ index }) => index)).toEqual([1, 2, 4]);
  expect(missing).toEqual({ batches: 0, records: 0 });
});

test('a missing newest segment is logged and counted; indexes continue after it, and cursors stay valid', async () => {
  const files = await written(10, 1_000);
  const before = await openOn(files);
  const id = Buffer.from(before.id).toString('hex');
  const { next } = before;
  await before.close();
  const gone = files.segments().at(-1)!;
  files.remove(gone);

  const logged: string[] = [];
  const log = { emit: (_severity: number, message: string) => void logged.push(message) };
  const journal = await openOn(files, { log });
  const lost = next - Number.parseInt(gone, 10);
  const lostRecords = recordsOf(textsUpTo(10).slice(-lost));
  expect(lost).toBeGreaterThan(0);
  expect(journal.stats()).toMatchObject({ missingBatches: lost, missingRecords: lostRecords });
  expect(logged.join()).toContain(
    `${gone}, is missing: ${lost} batches with ${lostRecords} records are lost`,
  );
  expect(journal.next).toBe(next);
  // Senders must learn that the table of producers was lost.
  expect(Buffer.from(journal.id).toString('hex')).not.toBe(id);
  expect(journal.continues(id)).toBe(true);
  expect(journal.lastSeq(producerOf(1))).toBeLessThan(10);
  const { found, missing } = await read(journal, 1, 0);
  expect(missing).toEqual({ batches: lost, records: lostRecords });
  expect(sum(found) + missing.records).toBe(recordsOf(textsUpTo(10)));

  // It is logged once, and the former id is kept.
  await journal.append(batchOf('new'));
  await journal.close();
  const again = await openOn(files);
  expect(again.stats().missingBatches).toBe(0);
  expect(again.continues(id)).toBe(true);
  expect(again.id).toEqual(journal.id);
});

test('if all segments are missing, the same applies, and no index is reused', async () => {
  const files = await written(10, 1_000);
  for (const name of files.segments()) files.remove(name);
  const journal = await openOn(files);
  expect(journal.stats()).toMatchObject({ missingBatches: 10, missingRecords: recordsOf(textsUpTo(10)) });
  expect(await journal.append(batchOf('new'))).toEqual({ kind: 'accepted', index: 11 });
});

test('a missing or damaged manifest changes nothing', async () => {
  for (const harm of ['remove', 'flip', 'empty']) {
    const files = await written(10, 1_000);
    const content = Buffer.from(files.bytesOf('manifest'));
    content[content.indexOf('firstIndex') + 13]! ^= 1;
    if (harm === 'remove') files.remove('manifest');
    else files.replace('manifest', harm === 'flip' ? content : Buffer.alloc(0));
    const journal = await openOn(files);
    expect(journal.stats()).toMatchObject({ missingBatches: 0, damagedRanges: 0 });
    expect((await read(journal, 1, 0)).found).toHaveLength(10);
    await journal.close();
  }
});
