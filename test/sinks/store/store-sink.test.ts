import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from '../../store/support/records.ts';
import { folderForEachTest } from '../support/folder.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { bodiesIn, DEADLY_PROGRAM, storeSink } from './support.ts';

const folder = folderForEachTest();
const path = () => join(folder(), 'store');
const { signal } = new AbortController();
const body = (...bodies: string[]) => request(bodies.map((text) => ({ body: text })));

test('repeated entries, after an end of the daemon, are not stored twice', async () => {
  const journal = new MemoryJournal();
  const entries = ['a', 'b', 'c'].map((text) => journal.add(body(text)));
  const first = storeSink({ path: path(), journal }).sink;
  await first.open();
  await first.write(entries.slice(0, 2), signal);
  await first.close();

  const second = storeSink({ path: path(), journal }).sink;
  await second.open();
  await second.write(entries, signal);
  await second.write(entries, signal);
  await second.close();

  expect(await bodiesIn(path())).toEqual(['a', 'b', 'c']);
});

test('entries of another journal are stored, whatever their indexes are', async () => {
  const [one, other] = [new MemoryJournal(1), new MemoryJournal(2)];
  for (const journal of [one, other]) {
    const { sink } = storeSink({ path: path(), journal });
    await sink.open();
    await sink.write([journal.add(body(`of journal ${journal.id[0]}`))], signal);
    await sink.close();
  }

  expect(await bodiesIn(path())).toEqual(['of journal 1', 'of journal 2']);
});

test('replayed dead letters are stored, although later entries were written', async () => {
  const journal = new MemoryJournal();
  const [letter, later] = [journal.add(body('letter')), journal.add(body('later'))];
  const { sink } = storeSink({ path: path(), journal });
  await sink.open();
  await sink.write([later], signal);
  await sink.write([{ ...letter, isReplay: true }], signal);
  await sink.write([later, journal.add(body('last'))], signal);
  await sink.close();

  expect(await bodiesIn(path())).toEqual(['later', 'letter', 'last']);
});

test('an entry that ends the process twice is rejected, and all others are stored once', async () => {
  const journal = new MemoryJournal();
  const { sink } = storeSink({ path: path(), journal, program: DEADLY_PROGRAM });
  await sink.open();
  await sink.write([journal.add(body('before'))], signal);
  const entries = ['a', 'b', 'DEADLY', 'c', 'd'].map((text) => journal.add(body(text)));

  await expect(sink.write(entries, signal)).rejects.toMatchObject({
    rejected: true,
    cause: 'crashed',
    indexes: [entries[2]!.index],
  });
  await sink.write([journal.add(body('after'))], signal);
  expect(sink.counters().process_restarts).toBeGreaterThanOrEqual(2);
  await sink.close();

  expect(await bodiesIn(path())).toEqual(['before', 'a', 'b', 'c', 'd', 'after']);
});

test('an entry that cannot be decoded is rejected alone', async () => {
  const journal = new MemoryJournal();
  const { sink } = storeSink({ path: path(), journal });
  await sink.open();
  const entries = [journal.add(body('a')), journal.add(Buffer.from('no protobuf')), journal.add(body('b'))];

  await expect(sink.write(entries, signal)).rejects.toMatchObject({ cause: 'malformed', indexes: [2] });
  await sink.close();
  expect(await bodiesIn(path())).toEqual(['a', 'b']);
});

test('a partition that ends the process whenever it is opened is removed from the store', async () => {
  const journal = new MemoryJournal();
  const first = storeSink({ path: path(), journal, partitionRecords: 1 }).sink;
  await first.open();
  await first.write([journal.add(body('in the first'))], signal);
  await first.write([journal.add(body('in the second'))], signal);
  await first.close();
  process.env.DEADLY_OPEN = join(folder(), 'deadly-open');
  writeFileSync(process.env.DEADLY_OPEN, '');
  const options = { path: path(), journal, program: DEADLY_PROGRAM, partitionRecords: 1 };
  const { sink, warnings } = storeSink(options);
  try {
    await sink.open();
    await sink.write([journal.add(body('afterwards'))], signal);
    await sink.close();
  } finally {
    delete process.env.DEADLY_OPEN;
  }

  expect(warnings.join()).toContain('00000002.db ended the process of the store twice');
  expect(await bodiesIn(path())).toEqual(['in the first', 'afterwards']);
});

test('a call that is aborted ends the process; the next one starts another', async () => {
  const journal = new MemoryJournal();
  const { sink } = storeSink({ path: path(), journal });
  await sink.open();
  const abort = new AbortController();
  const entry = journal.add(body('a'));
  const writing = sink.write([entry], abort.signal);
  abort.abort(new Error('too slow'));
  await expect(writing).rejects.toThrow('too slow');

  await sink.write([entry], signal);
  await sink.close();
  expect(await bodiesIn(path())).toEqual(['a']);
});
