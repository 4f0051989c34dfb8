import { join } from 'node:path';
import { request } from '../../store/support/records.ts';
import { folderForEachTest } from '../support/folder.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { bodiesIn, killed, storeSink } from './support.ts';

const folder = folderForEachTest();
const BATCHES = 40;

test('every record is stored exactly once, however often the process of the store is killed', async () => {
  const path = join(folder(), 'store');
  const journal = new MemoryJournal();
  const { sink } = storeSink({ path, journal, partitionRecords: 500 });
  const { signal } = new AbortController();
  await sink.open();
  const expected: string[] = [];
  let kills = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const bodies = Array.from({ length: 50 }, (_, at) => `${batch}-${at}`);
    expected.push(...bodies);
    const writing = sink.write([journal.add(request(bodies.map((body) => ({ body }))))], signal);
    const { pid } = sink;
    if (batch % 6 === 3 && pid !== undefined) {
      // At another moment of the transaction each time.
      for (let turns = 0; turns < batch; turns += 1) await new Promise(setImmediate);
      await killed(pid);
      kills += 1;
    }
    await writing;
  }
  await sink.close();

  expect(kills).toBeGreaterThan(5);
  expect(await bodiesIn(path)).toEqual(expected);
}, 90_000);
