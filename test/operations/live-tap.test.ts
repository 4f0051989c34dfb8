import type { ServerResponse } from 'node:http';
import { LiveTap } from '../../src/operations/index.ts';
import { LineStream } from '../../src/operations/line-stream.ts';
import { MemoryJournal } from '../sinks/support/memory-journal.ts';
import { bodiesOf, request } from '../store/support/records.ts';
import { remarksOf } from './support/reading.ts';
import { Recorded } from './support/recorded-response.ts';

const LARGE = 'x'.repeat(100_000);

function following(tap: LiveTap) {
  const response = new Recorded();
  const out = new LineStream(response as unknown as ServerResponse);
  const done = tap.follow(out, undefined, tap.end);
  return { response, done };
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 200; turns += 1) await new Promise(setImmediate);
}

test('a client that reads nothing misses records, which are counted; the others get all', async () => {
  const journal = new MemoryJournal();
  const tap = new LiveTap(journal);
  const [slow, fast] = [following(tap), following(tap)];
  await settled();
  slow.response.isSlow = true;
  for (let at = 0; at < 50; at += 1) journal.add(request([{ body: `${at} ${LARGE}` }]));
  await settled();
  expect(bodiesOf(fast.response.text)).toHaveLength(50);
  const got = bodiesOf(slow.response.text).length;
  expect(got).toBeLessThan(20);

  slow.response.isSlow = false;
  slow.response.drain();
  journal.add(request([{ body: 'last' }]));
  await settled();
  expect(remarksOf(slow.response.text)).toEqual([{ missed: 50 - got }]);
  expect(bodiesOf(slow.response.text).at(-1)).toBe('last');
  for (const { response } of [slow, fast]) response.close();
  await Promise.all([slow.done, fast.done]);
});

test('without clients nothing is read, and one that comes later gets only what comes later', async () => {
  const journal = new MemoryJournal();
  const tap = new LiveTap(journal);
  journal.add(request([{ body: 'before' }]));
  const first = following(tap);
  await settled();
  journal.add(request([{ body: 'one' }]));
  await settled();
  first.response.close();
  await first.done;
  journal.add(request([{ body: 'meanwhile' }]));
  const second = following(tap);
  await settled();
  journal.add(request([{ body: 'two' }]));
  await settled();

  expect(bodiesOf(first.response.text)).toEqual(['one']);
  expect(bodiesOf(second.response.text)).toEqual(['two']);
  await tap.close();
  await second.done;
});

test('records whose visible part cannot be determined count as missed', async () => {
  const journal = new MemoryJournal();
  const entries = (body: string) => [{ index: 1, receivedMillis: 0, records: 1, body: request([{ body }]) }];
  const views = [
    async () => Promise.reject(new Error('not now')),
    async () => ({ entries: entries('shown'), filtered: {}, redacted: {} }),
  ];
  const tap = new LiveTap(journal, () => ({ view: views.shift()! }));
  const { response, done } = following(tap);
  await settled();
  for (const body of ['secret', 'other secret']) journal.add(request([{ body }]));
  await settled();
  expect(remarksOf(response.text)).toEqual([{ missed: 1 }]);
  expect(bodiesOf(response.text)).toEqual(['shown']);
  response.close();
  await done;
});
