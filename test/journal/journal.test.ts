import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Journal, type JournalOptions } from '../../src/journal/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { FragileFiles } from './support/fragile-files.ts';
import { batchOf, kinds, originOf, producerOf, readAll, texts } from './support/journal-tools.ts';

const directory = '/journal';

function openOn(files: FragileFiles, options: Partial<JournalOptions> = {}): Promise<Journal> {
  return Journal.open({ directory, files, minFreeBytes: 0, segmentBytes: 8_192, ...options });
}

describe('repeats', () => {
  test('a batch is accepted if prev <= last < seq, a duplicate is detected, a gap is reported', async () => {
    const journal = await openOn(new FragileFiles());
    const answers = [
      await journal.append(batchOf('one', originOf(1, 1))),
      await journal.append(batchOf('five', originOf(1, 5, 1))),
      await journal.append(batchOf('three', originOf(1, 3, 1))),
      await journal.append(batchOf('five', originOf(1, 5, 1))),
      await journal.append(batchOf('eight', originOf(1, 8, 7))),
      await journal.append(batchOf('other', originOf(2, 1))),
    ];
    expect(answers).toEqual([
      { kind: 'accepted', index: 1 },
      { kind: 'accepted', index: 2 },
      { kind: 'duplicate', last: 5 },
      { kind: 'duplicate', last: 5 },
      { kind: 'gap', last: 5 },
      { kind: 'accepted', index: 3 },
    ]);
    expect(await texts(journal)).toEqual(['one', 'five', 'other']);
    expect(journal.lastSeq(producerOf(1))).toBe(5);
  });

  test('batches in flight count as accepted, and a duplicate is answered after the first copy is on disk', async () => {
    const files = new FragileFiles();
    const journal = await openOn(files);
    let release = () => {};
    files.gate = new Promise((resolve) => {
      release = resolve;
    });
    const order: string[] = [];
    const noted = (name: string, batch: ReturnType<typeof batchOf>) =>
      journal.append(batch).then((answer) => {
        order.push(`${name} ${answer.kind}`);
      });
    const all = [
      noted('first', batchOf('one', originOf(1, 1))),
      noted('repeat', batchOf('one', originOf(1, 1))),
      noted('second', batchOf('two', originOf(1, 2))),
      noted('gap', batchOf('four', originOf(1, 4))),
    ];
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    expect(journal.lastSeq(producerOf(1))).toBe(0);
    release();
    await Promise.all(all);
    expect(order.slice().sort()).toEqual([
      'first accepted',
      'gap gap',
      'repeat duplicate',
      'second accepted',
    ]);
    expect(order.indexOf('first accepted')).toBeLessThan(order.indexOf('repeat duplicate'));
  });

  test('a batch without an origin is always accepted', async () => {
    const journal = await openOn(new FragileFiles());
    const answers = await Promise.all([journal.append(batchOf('same')), journal.append(batchOf('same'))]);
    expect(kinds(answers)).toEqual(['accepted', 'accepted']);
  });

  test('the table of producers survives restarts and trims', async () => {
    const files = new FragileFiles();
    let journal = await openOn(files);
    for (let seq = 1; seq <= 20; seq += 1) await journal.append(batchOf(`${seq}`, originOf(1, seq), 2_000));
    await journal.append(batchOf('x', originOf(2, 7, 0), 2_000));
    await journal.trim(journal.next);
    const { id } = journal;
    await journal.close();
    journal = await openOn(files);
    expect([journal.lastSeq(producerOf(1)), journal.lastSeq(producerOf(2))]).toEqual([20, 7]);
    expect(journal.id).toEqual(id);
    expect(await journal.append(batchOf('20', originOf(1, 20)))).toEqual({ kind: 'duplicate', last: 20 });
  });

  test('the producer that has been idle longest is dropped first, also after a restart', async () => {
    const files = new FragileFiles();
    const options = { producers: { maxCount: 2, maxAgeMillis: Number.POSITIVE_INFINITY } };
    let journal = await openOn(files, options);
    await journal.append(batchOf('a', originOf(1, 1)));
    await journal.append(batchOf('b', originOf(2, 1)));
    await journal.append(batchOf('a', originOf(1, 2)));
    await journal.append(batchOf('c', originOf(3, 1)));
    const lasts = () => [1, 2, 3].map((producer) => journal.lastSeq(producerOf(producer)));
    expect(lasts()).toEqual([2, 0, 1]);
    await journal.close();
    journal = await openOn(files, options);
    expect(lasts()).toEqual([2, 0, 1]);
  });

  test('a producer idle for longer than maxAgeMillis is dropped; a clock jump drops none', async () => {
    const clock = new ManualClock();
    const journal = await openOn(new FragileFiles(), {
      clock,
      producers: { maxCount: 100_000, maxAgeMillis: 1_000 },
    });
    await journal.append(batchOf('a', originOf(1, 1)));
    clock.advance(365 * 86_400_000);
    await journal.append(batchOf('b', originOf(2, 1)));
    expect(journal.lastSeq(producerOf(1))).toBe(1);
    for (let step = 0; step < 4; step += 1) {
      clock.advance(400);
      await journal.append(batchOf('b', originOf(2, 2 + step)));
    }
    expect(journal.lastSeq(producerOf(1))).toBe(0);
    expect(journal.lastSeq(producerOf(2))).toBe(5);
    expect(journal.stats().forgottenProducers).toBe(1);
  });

  test('at most the configured number of producers is kept', async () => {
    const producers = { maxCount: 20_000, maxAgeMillis: 86_400_000 };
    const path = mkdtempSync(join(tmpdir(), 'journal-producers-'));
    try {
      let journal = await Journal.open({ directory: path, sync: 'never', producers });
      const body = new Uint8Array(1);
      for (let number = 0; number < 20_100; number += 1_005) {
        const batches = Array.from({ length: 1_005 }, (_, at) => originOf(number + at, 3, 0));
        await Promise.all(batches.map((origin) => journal.append({ body, records: 1, origin })));
      }
      const lasts = () => [0, 99, 100, 20_099].map((producer) => journal.lastSeq(producerOf(producer)));
      expect(journal.stats().producers).toBe(20_000);
      expect(lasts()).toEqual([0, 0, 3, 3]);
      // Two restarts: once from the entries, once from the table in the header of a segment.
      await journal.close();
      journal = await Journal.open({
        directory: path,
        sync: 'never',
        producers,
        maxBytes: 4_000_000,
        segmentBytes: 1_000_000,
      });
      await journal.trim(journal.next);
      expect(journal.first).toBe(journal.next);
      await journal.close();
      journal = await Journal.open({ directory: path, sync: 'never', producers });
      expect(journal.stats().producers).toBe(20_000);
      expect(lasts()).toEqual([0, 0, 3, 3]);
      await journal.close();
    } finally {
      rmSync(path, { recursive: true });
    }
  }, 60_000);
});

describe('groups', () => {
  test('batches appended together are written and synced together', async () => {
    const files = new FragileFiles();
    const journal = await openOn(files);
    const steps: string[] = [];
    files.before = ({ kind }) => steps.push(kind);
    await Promise.all(['a', 'b', 'c'].map((text) => journal.append(batchOf(text))));
    expect(steps).toEqual(['writev', 'datasync']);
  });

  test('batches that arrive while a group is written form the next one, in the order of the calls', async () => {
    const files = new FragileFiles();
    const journal = await openOn(files, { segmentBytes: 1_048_576 });
    const steps: string[] = [];
    files.before = ({ kind }) => steps.push(kind);
    const all = [journal.append(batchOf('0'))];
    files.gate = new Promise((resolve) => setImmediate(resolve));
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    for (let at = 1; at <= 65; at += 1) all.push(journal.append(batchOf(`${at}`)));
    const answers = await Promise.all(all);
    expect(answers.map((answer) => answer.kind === 'accepted' && answer.index)).toEqual(
      answers.map((_, at) => at + 1),
    );
    // A group of one, a group of 64, and the one that did not fit.
    expect(steps.filter((kind) => kind === 'datasync')).toHaveLength(3);
  });

  test('with sync never, nothing is synced', async () => {
    const files = new FragileFiles();
    const steps: string[] = [];
    files.before = ({ kind }) => steps.push(kind);
    const journal = await openOn(files, { sync: 'never' });
    await journal.append(batchOf('a'));
    expect(steps).not.toContain('datasync');
    expect(journal.stats().syncs).toBe(0);
  });
});

describe('reading', () => {
  test('an entry is read as it was appended, from memory and from disk', async () => {
    const clock = new ManualClock(1_700_000_000_123.5);
    for (const recentBytes of [0, 1_048_576]) {
      const journal = await openOn(new FragileFiles(), { clock, recentBytes });
      const body = randomBytes(300);
      await journal.append({ body, records: 42, origin: originOf(9, 2 ** 52 + 1, 0) });
      await journal.append({ body: new Uint8Array(0), records: 0 });
      const [entry, empty] = await readAll(journal);
      expect({ ...entry, body: Buffer.from(entry!.body) }).toEqual({
        index: 1,
        receivedMillis: 1_700_000_000_123.5,
        records: 42,
        body,
        origin: originOf(9, 2 ** 52 + 1, 0),
      });
      expect(empty).toMatchObject({ index: 2, records: 0, origin: undefined });
      expect(empty!.body.length).toBe(0);
    }
  });

  test('a read returns about the requested number of bytes, and at least one entry', async () => {
    for (const recentBytes of [0, 1_048_576]) {
      const journal = await openOn(new FragileFiles(), { recentBytes });
      for (let at = 0; at < 10; at += 1) await journal.append(batchOf(`${at}`, undefined, 1_000));
      const reader = journal.reader(3);
      const { signal } = new AbortController();
      expect((await reader.next(2_500, signal)).map(({ index }) => index)).toEqual([3, 4]);
      expect(reader.position).toBe(5);
      expect((await reader.next(1, signal)).map(({ index }) => index)).toEqual([5]);
      expect((await reader.next(1_000_000, signal)).at(0)!.index).toBe(6);
      const exactly = await journal.reader(1).next(3_000, signal);
      expect(exactly.map(({ index }) => index)).toEqual([1, 2, 3]);
      expect(await journal.reader(1).next(2_999, signal)).toHaveLength(2);
    }
  });

  test('a body larger than a segment is stored completely', async () => {
    const journal = await openOn(new FragileFiles(), { recentBytes: 0 });
    const body = randomBytes(700_000);
    await journal.append(batchOf('before'));
    await journal.append({ body, records: 1 });
    await journal.append(batchOf('behind'));
    const entries = await readAll(journal);
    expect(entries.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(Buffer.compare(entries[1]!.body, body)).toBe(0);
  });

  test('entries across the chunks of a read are returned completely', async () => {
    const journal = await openOn(new FragileFiles(), { recentBytes: 0, segmentBytes: 16_777_216 });
    const sizes = [100_000, 200_000, 0, 300_000, 262_144, 80, 1_000_000, 5, 262_064, 524_288, 33, 150_000];
    const bodies = sizes.map((size) => randomBytes(size));
    for (const body of bodies) await journal.append({ body, records: 1 });
    for (const maxBytes of [1, 300_000, 2_000_000]) {
      const found = await readAll(journal, 1, maxBytes);
      expect(found.map(({ body }) => Buffer.compare(body, bodies.shift() ?? body))).toEqual(
        sizes.map(() => 0),
      );
      bodies.push(...found.map(({ body }) => Buffer.from(body)));
    }
    expect(journal.stats().damagedRanges).toBe(0);
  });

  test('a position among thousands of entries is found', async () => {
    const files = new FragileFiles();
    const options = { recentBytes: 0, segmentBytes: 1_048_576 };
    let journal = await openOn(files, options);
    await Promise.all(Array.from({ length: 3_000 }, (_, at) => journal.append(batchOf(`${at + 1}`))));
    const { signal } = new AbortController();
    const found = async (index: number) => (await journal.reader(index).next(1, signal))[0]!.index;
    for (let index = 1; index <= 3_000; index += 97) expect(await found(index)).toBe(index);
    await journal.close();
    journal = await openOn(files, options);
    for (let index = 1; index <= 3_000; index += 97) expect(await found(index)).toBe(index);
    expect(journal.behind(1_501)).toMatchObject({ batches: 1_500 });
    expect(Math.abs(journal.behind(1_501).bytes - 6_000)).toBeLessThan(50);
  });

  test('a waiting reader wakes when the group is on disk, not before', async () => {
    const files = new FragileFiles();
    const journal = await openOn(files);
    const waiting = journal.reader(1).next(1_000, new AbortController().signal);
    let release = () => {};
    let woke = false;
    void waiting.then(() => {
      woke = true;
    });
    files.before = ({ kind }) => {
      if (kind === 'writev')
        files.gate = new Promise((resolve) => {
          release = resolve;
        });
    };
    const appended = journal.append(batchOf('a'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(woke).toBe(false);
    release();
    await appended;
    expect((await waiting)[0]!.index).toBe(1);
  });

  test('a waiting reader rejects with the reason when it is aborted, and can be used again', async () => {
    const journal = await openOn(new FragileFiles());
    const reader = journal.reader(1);
    const abort = new AbortController();
    const waiting = reader.next(1_000, abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(reader.next(1_000, abort.signal)).rejects.toThrow('enough');
    await journal.append(batchOf('a'));
    expect(await reader.next(1_000, new AbortController().signal)).toHaveLength(1);
  });

  test('a position beyond the end becomes the end, one before the first entry becomes the first', async () => {
    const journal = await openOn(new FragileFiles());
    expect(journal.reader(100).position).toBe(1);
    const { signal } = new AbortController();
    const reader = journal.reader(0);
    await journal.append(batchOf('a'));
    expect((await reader.next(1, signal))[0]!.index).toBe(1);
  });

  test('a reader changes from disk to memory and back without losing or repeating an entry', async () => {
    const journal = await openOn(new FragileFiles(), { recentBytes: 5_000, segmentBytes: 4_096 });
    const reader = journal.reader(1);
    const seen: number[] = [];
    for (let at = 0; at < 60; at += 1) {
      await journal.append(batchOf(`${at}`, undefined, 700));
      const pause = at % 20 < 12;
      const due = pause ? 0 : 2;
      for (let read = 0; read < due && reader.position < journal.next; read += 1) {
        for (const { index } of await reader.next(1_500, new AbortController().signal)) seen.push(index);
      }
    }
    while (reader.position < journal.next) {
      for (const { index } of await reader.next(1_500, new AbortController().signal)) seen.push(index);
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
  });
});

test('a body that was damaged between arrival and disk is detected when it is read', async () => {
  const journal = await openOn(new FragileFiles(), { recentBytes: 0 });
  const body = Buffer.from('as it arrived');
  await journal.append({ body, records: 1, bodyCrc: crc32(body) });
  const damaged = Buffer.from('as it aRrived');
  await journal.append({ body: damaged, records: 1, bodyCrc: crc32(body) });
  await journal.append(batchOf('behind it'));

  expect(await texts(journal)).toEqual(['as it arrived', 'behind it']);
  expect(journal.stats().damagedBytes).toBeGreaterThan(0);
  await journal.close();
});

describe('behind and trim', () => {
  test('the distance of a position is exact at the end, for few entries, and at segment boundaries', async () => {
    const clock = new ManualClock();
    const files = new FragileFiles();
    let journal = await openOn(files, { clock });
    for (let at = 0; at < 30; at += 1) {
      await journal.append({ body: Buffer.alloc(1_000), records: at });
      clock.advance(1_000);
    }
    const expected = (position: number) => ({
      batches: 31 - position,
      records: (30 * 29) / 2 - ((position - 1) * (position - 2)) / 2,
      bytes: (31 - position) * 1_000,
      ageMillis: (31 - position) * 1_000,
    });
    for (let position = 1; position <= 30; position += 1) {
      expect(journal.behind(position)).toEqual(expected(position));
    }
    expect(journal.behind(31)).toEqual({ batches: 0, records: 0, bytes: 0, ageMillis: 0 });
    expect(journal.behind(1_000)).toEqual({ batches: 0, records: 0, bytes: 0, ageMillis: 0 });
    await journal.close();
    journal = await openOn(files, { clock });
    expect(journal.behind(1)).toMatchObject({ batches: 30, records: 435, bytes: 30_000 });
    const { batches, records, bytes } = expected(4);
    expect(journal.behind(4).batches).toBe(batches);
    expect(Math.abs(journal.behind(4).records - records)).toBeLessThan(20);
    expect(Math.abs(journal.behind(4).bytes - bytes)).toBeLessThan(100);
    // After it was read, its size is known.
    await readAll(journal);
    expect(journal.behind(4)).toEqual(expected(4));
  });

  test('an age is the elapsed time, however the wall clock is set in the meantime', async () => {
    const clock = new ManualClock();
    const files = new FragileFiles();
    let journal = await openOn(files, { clock, recentBytes: 0 });
    const ages = () => [1, 2, 3].map((position) => journal.behind(position).ageMillis);
    await journal.append(batchOf('a'));
    clock.advance(1_000);
    clock.setForward(86_400_000);
    await journal.append(batchOf('b'));
    clock.advance(1_000);
    clock.setForward(-2 * 86_400_000);
    await journal.append(batchOf('c'));
    clock.advance(500);

    expect(ages()).toEqual([2_500, 1_500, 500]);
    await journal.close();
    journal = await openOn(files, { clock, recentBytes: 0 });
    // The wall clock is used once, when the journal is opened.
    await readAll(journal);
    clock.setForward(365 * 86_400_000);
    clock.advance(1_000);
    expect(ages().at(-1)).toBe(1_500);
  });

  test('a clock that is set back makes no age negative', async () => {
    let now = 1_000_000;
    const clock = { now: () => now, monotonicNow: () => 0, after: () => () => {} };
    const journal = await openOn(new FragileFiles(), { clock });
    await journal.append(batchOf('a'));
    now = 5;
    expect(journal.behind(1).ageMillis).toBe(0);
  });

  test('trim removes complete segments before the position, never the active one', async () => {
    const files = new FragileFiles();
    const journal = await openOn(files, { maxBytes: 1_000_000 });
    for (let at = 0; at < 20; at += 1) await journal.append(batchOf(`${at}`, undefined, 2_000));
    const before = files.segments();
    await journal.trim(8);
    expect(journal.first).toBeLessThanOrEqual(8);
    expect(journal.first).toBeGreaterThan(1);
    expect(files.segments().length).toBeLessThan(before.length);
    expect((await readAll(journal, 1))[0]!.index).toBe(journal.first);
    await journal.trim(1);
    expect((await texts(journal, 8))[0]).toBe('7');
  });

  test('the next index survives trims and restarts, also when nothing is left', async () => {
    const files = new FragileFiles();
    let journal = await openOn(files);
    for (let at = 0; at < 11; at += 1) await journal.append(batchOf(`${at}`, undefined, 2_000));
    await journal.trim(12);
    expect(journal.first).toBe(12);
    expect(files.segments()).toEqual(['0000000000000012.segment']);
    await journal.close();
    journal = await openOn(files);
    expect(journal.next).toBe(12);
    expect(await journal.append(batchOf('a'))).toEqual({ kind: 'accepted', index: 12 });
    expect(journal.behind(1).batches).toBe(1);
  });

  test('a reader whose segment is trimmed continues at the oldest remaining entry', async () => {
    const journal = await openOn(new FragileFiles(), { recentBytes: 0 });
    for (let at = 0; at < 20; at += 1) await journal.append(batchOf(`${at}`, undefined, 2_000));
    const reader = journal.reader(1);
    const { signal } = new AbortController();
    await reader.next(1, signal);
    await journal.trim(15);
    const indexes: number[] = [];
    while (reader.position < journal.next) {
      for (const { index } of await reader.next(1, signal)) indexes.push(index);
    }
    expect(indexes.slice(-6)).toEqual([15, 16, 17, 18, 19, 20]);
    expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
  });

  test('a trim under a steady stream of batches does not wait for its end', async () => {
    const journal = await openOn(new FragileFiles());
    let streaming = true;
    const stream = (async () => {
      while (streaming) await journal.append(batchOf('x', undefined, 2_000));
    })();
    const other = (async () => {
      while (streaming) await journal.append(batchOf('y', undefined, 2_000));
    })();
    for (let round = 0; round < 20; round += 1) await journal.trim(journal.next);
    streaming = false;
    await Promise.all([stream, other]);
    expect(journal.stats().segments).toBeLessThan(10);
  });
});

describe('ends', () => {
  test('close writes pending batches, and refuses later ones', async () => {
    const files = new FragileFiles();
    let journal = await openOn(files);
    const appended = journal.append(batchOf('a'));
    const reader = journal.reader(1);
    const { signal } = new AbortController();
    const first = reader.next(1, signal);
    const waiting = first.then(() => reader.next(1, signal)).catch((error: Error) => error.message);
    const closed = [journal.close(), journal.close()];
    expect((await appended).kind).toBe('accepted');
    await Promise.all(closed);
    expect(await waiting).toBe('the journal is closed');
    await expect(journal.append(batchOf('b'))).rejects.toThrow('the journal is closed');
    await expect(journal.trim(1)).rejects.toThrow('the journal is closed');
    journal = await openOn(files);
    expect(await texts(journal)).toEqual(['a']);
  });

  test('an invalid batch is an error that names the problem', async () => {
    const journal = await openOn(new FragileFiles());
    await expect(journal.append({ body: new Uint8Array(1), records: -1 })).rejects.toThrow('records must be');
    await expect(
      journal.append(batchOf('a', { producer: new Uint8Array(3), seq: 1, prev: 0 })),
    ).rejects.toThrow('origin.producer must have 16 bytes, got 3');
    await expect(journal.append(batchOf('a', originOf(1, Number.NaN, 0)))).rejects.toThrow('origin.seq');
    expect((await journal.append(batchOf('a'))).kind).toBe('accepted');
  });
});
