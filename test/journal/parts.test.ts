import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import type { JournalEntry } from '../../src/component/index.ts';
import { ClockOffsets } from '../../src/journal/clock-offsets.ts';
import { DiskFloor } from '../../src/journal/disk-floor.ts';
import { nodeFiles, type OpenFile, writeAll } from '../../src/journal/files.ts';
import { withJournalDefaults } from '../../src/journal/options.ts';
import { Owners } from '../../src/journal/owners.ts';
import { JournalTime } from '../../src/journal/producers.ts';
import { Growth } from '../../src/journal/reader.ts';
import { Recent } from '../../src/journal/recent.ts';
import { Segment } from '../../src/journal/segment.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { FragileFiles } from './support/fragile-files.ts';

function entryOf(index: number, bytes: number, records = 1): JournalEntry {
  return { index, receivedMillis: index * 1_000, records, body: new Uint8Array(bytes) };
}

const FIRST_FRAME = 1_024;
const FRAME_BYTES = 80;

function segmentAt(firstIndex: number): Segment {
  const head = {
    ...{ id: Buffer.alloc(16), mark: Buffer.alloc(8), firstIndex, recordsBefore: 100, bytesBefore: 5_000 },
    ...{ createdMillis: 7, timeMillis: 0, producers: 0, tableCrc: 0 },
  };
  return new Segment('/journal', head, 0);
}

describe('the marks of a segment', () => {
  const sizes = fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 1_500 });

  test('a mark is never after the entry, and few entries are between; counts are exact at marks', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (bodies, which) => {
        const segment = segmentAt(50);
        const offsets: number[] = [];
        let offset = FIRST_FRAME;
        for (const [at, bytes] of bodies.entries()) {
          segment.count(offset, entryOf(50 + at, bytes, at));
          // Reading it again changes nothing.
          if (at % 7 === 0) segment.count(offset, entryOf(50 + at, bytes, at));
          offsets.push(offset);
          offset += FRAME_BYTES + bytes;
        }
        segment.settle();
        const at = which % bodies.length;
        const place = offsets.indexOf(segment.offsetFor(50 + at));
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThanOrEqual(at);
        expect(at - place).toBeLessThanOrEqual(bodies.length < 512 ? 0 : 8);
        const sum = (upTo: number) => bodies.slice(0, upTo).reduce((total, bytes) => total + bytes, 0);
        const mark = segment.markOf(50 + at);
        expect(mark).toEqual({
          index: 50 + place,
          offset: offsets[place],
          records: 100 + (place * (place - 1)) / 2,
          bytes: 5_000 + sum(place),
          receivedMillis: (50 + place) * 1_000,
        });
        // Between two marks the counts are interpolated, so the error is at most what lies between them.
        const before = segment.before(50 + at);
        expect(before.index).toBe(50 + at);
        expect(Math.abs(before.bytes - 5_000 - sum(at))).toBeLessThanOrEqual(sum(place + 8) - sum(place));
        if (place === at) expect(before.bytes).toBe(5_000 + sum(at));
        expect([segment.next, segment.records, segment.bytes]).toEqual([
          50 + bodies.length,
          100 + (bodies.length * (bodies.length - 1)) / 2,
          5_000 + sum(bodies.length),
        ]);
        expect(segment.offsetFor(50 + bodies.length)).toBe(offset);
      }),
      { numRuns: 60 },
    );
  });

  test('in an unread segment, the counts before an entry are interpolated', () => {
    const segment = segmentAt(50);
    segment.closeAt({ ...segment.head, firstIndex: 60, recordsBefore: 200, bytesBefore: 6_000 });
    const { index, records, bytes, offset } = segment.before(55);
    expect({ index, records, bytes, offset }).toEqual({
      ...{ index: 55, records: 150, bytes: 5_500, offset: FIRST_FRAME },
    });
    expect(segment.before(50)).toMatchObject({ records: 100, bytes: 5_000 });
    expect(segment.before(70)).toMatchObject({ records: 200, bytes: 6_000 });
    // A part was read: exact up to there, interpolated after it.
    segment.count(FIRST_FRAME, entryOf(50, 300, 60));
    segment.count(FIRST_FRAME + 380, entryOf(51, 100, 40));
    expect(segment.before(51)).toMatchObject({ records: 160, bytes: 5_300 });
    expect(segment.before(52)).toMatchObject({ records: 200, bytes: 5_400 });
  });

  test('an entry after an index gap gets its own mark', () => {
    const segment = segmentAt(50);
    segment.count(FIRST_FRAME, entryOf(53, 10));
    expect(segment.offsetFor(53)).toBe(FIRST_FRAME);
    expect(segment.markOf(53).receivedMillis).toBe(53_000);
    // No entry has a lower index: reading starts at the first frame.
    expect(segment.offsetFor(51)).toBe(FIRST_FRAME);
  });
});

test('the entries in memory equal those of a plain list, within their size', () => {
  const groups = fc.array(fc.array(fc.nat({ max: 4_000 }), { minLength: 1, maxLength: 40 }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      groups,
      fc.nat({ max: 30_000 }),
      fc.nat(),
      fc.nat({ max: 10_000 }),
      (all, max, which, most) => {
        const recent = new Recent(max);
        const list: JournalEntry[] = [];
        for (const sizes of all) {
          const entries = sizes.map((bytes, at) => entryOf(list.length + 1 + at, bytes));
          recent.add(entries);
          list.push(...entries);
        }
        let bytes = 0;
        const kept = list.filter((_, at) => {
          bytes = list.slice(at).reduce((sum, { body }) => sum + body.length + 768, 0);
          return bytes <= max;
        });
        const first = list.length - kept.length + 1;
        const index = which % (list.length + 3);
        const isThere = index >= first && index <= list.length;
        expect(recent.find(index)).toBe(isThere ? list[index - 1] : undefined);
        let sum = 0;
        const expected = list.slice(index - 1).filter(({ body }, at) => {
          sum += body.length;
          return at === 0 || sum <= most;
        });
        expect(recent.from(index, most)).toEqual(isThere ? expected : []);
      },
    ),
    { numRuns: 150 },
  );
});

test('the least recently seen removable producer of the largest owner is chosen, then one of the next owner', () => {
  const change = fc.record({
    isAdded: fc.boolean(),
    owner: fc.nat({ max: 3 }),
    producer: fc.nat({ max: 12 }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), fc.nat({ max: 4 }), (changes, stuck) => {
      const owners = new Owners();
      const lists = new Map<string, string[]>();
      for (const { isAdded, owner, producer } of changes) {
        const [name, key] = [`owner ${owner}`, `${owner}/${producer}`];
        const list = lists.get(name) ?? [];
        if (isAdded) owners.add(name, key);
        else owners.remove(name, key);
        const without = list.filter((each) => each !== key);
        lists.set(name, isAdded ? (list.includes(key) ? list : [...list, key]) : without);
      }
      const mayGo = (key: string) => Number(key.split('/')[1]) % 5 !== stuck;
      const found = owners.oldestOfLargest(mayGo);
      const going = [...lists.values()].filter((list) => list.some(mayGo));
      const largest = Math.max(0, ...going.map((list) => list.length));
      const best = going.filter((list) => list.length === largest).map((list) => list.find(mayGo));
      if (going.length === 0) expect(found).toBeUndefined();
      else expect(best).toContain(found);
      owners.clear();
      expect(owners.oldestOfLargest(() => true)).toBeUndefined();
      for (const [name, list] of lists) for (const key of list) owners.add(name, key);
      expect(owners.oldestOfLargest(mayGo) !== undefined).toBe(going.length > 0);
    }),
  );
});

test('clock adjustments count from 100 ms on; beyond 256 the oldest are dropped', () => {
  const clock = new ManualClock();
  const offsets = new ClockOffsets(clock);
  const received = (index: number) => {
    offsets.received(index, offsets.now());
    return clock.now();
  };
  const first = received(1);
  clock.advance(1_000);
  clock.setForward(100);
  const second = received(2);
  // Within 100 ms both clocks count as equal: the age can be wrong by that much.
  expect([offsets.ageMillis(1, first), offsets.ageMillis(2, second)]).toEqual([1_000, 0]);
  clock.setForward(1);
  const third = received(3);
  clock.advance(50);
  expect([offsets.ageMillis(1, first), offsets.ageMillis(3, third)]).toEqual([1_050, 50]);
  const times = [third];
  for (let index = 4; index < 4 + 256; index += 1) {
    clock.setForward(1_000);
    times.push(received(index));
  }
  // The second offset is now the first: that of the third entry is dropped, that of the fourth is not.
  expect(offsets.ageMillis(4, times[1]!)).toBe(0);
  expect(offsets.ageMillis(3, third)).toBe(1_050);
});

test('the time by which producers age never goes back, and advances by a bounded step', () => {
  const time = new JournalTime(500, 10_000, 100);
  expect(time.advance(10_030)).toBe(530);
  expect(time.advance(9_000)).toBe(530);
  expect(time.advance(9_010)).toBe(540);
  expect(time.advance(9_110)).toBe(640);
  expect(time.advance(99_999)).toBe(740);
  expect(time.millis).toBe(740);
});

test('the free space limit is kept to the byte, whatever is written between two queries', async () => {
  const files = new FragileFiles();
  const floorOf = (minFreeBytes: number) =>
    new DiskFloor(withJournalDefaults({ directory: '/journal', files, minFreeBytes }));
  files.freeAmount = 10_000;
  const floor = floorOf(4_000);
  expect([await floor.has(6_000), await floor.has(6_001)]).toEqual([true, false]);
  expect([await floor.allows(6_001), await floor.allows(5_000), await floor.allows(1_001)]).toEqual([
    false,
    true,
    false,
  ]);
  // Neither a check nor a refused write writes anything.
  expect([await floor.has(1_000), await floor.allows(1_000), await floor.has(1)]).toEqual([
    true,
    true,
    false,
  ]);
  files.freeAmount = 20_000;
  expect(await floor.has(1)).toBe(false);
  floor.invalidate();
  expect(await floor.has(16_000)).toBe(true);
  files.freeAmount = 0;
  expect(await floorOf(0).allows(1)).toBe(true);
  const unknown = Object.assign(new FragileFiles(), { freeBytes: () => Promise.reject(new Error('ENOSYS')) });
  const options = { directory: '/journal', files: unknown, minFreeBytes: 4_000 };
  expect(await new DiskFloor(withJournalDefaults(options)).allows(1_000_000)).toBe(true);
});

test('a write is complete, however little of it the disk takes at once', async () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      parts,
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      async (given, takes) => {
        const content = Buffer.alloc(1_000);
        let calls = 0;
        const writev = async (pieces: readonly Uint8Array[], position: number) => {
          const taken = Buffer.concat(pieces).subarray(0, takes[calls % takes.length]);
          calls += 1;
          content.set(taken, position);
          return taken.length;
        };
        await writeAll({ writev } as unknown as OpenFile, given, 30);
        const whole = Buffer.concat(given);
        expect(content.subarray(30, 30 + whole.length)).toEqual(whole);
        expect(calls).toBeLessThanOrEqual(Math.max(whole.length, 1));
      },
    ),
  );
  const nothing = { writev: async () => 0 } as unknown as OpenFile;
  await expect(writeAll(nothing, [new Uint8Array(1)], 0)).rejects.toThrow('the file system wrote no bytes');
});

test('the real file system supports all operations of the journal', async () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'journal-files-')), 'deep', 'journal');
  try {
    await nodeFiles.makeDirectory(directory);
    await nodeFiles.makeDirectory(directory);
    const path = join(directory, 'a');
    const file = await nodeFiles.create(path);
    await expect(nodeFiles.create(path)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await file.writev([Buffer.from('01234'), Buffer.from('56789')], 3)).toBe(10);
    await file.datasync();
    const target = Buffer.alloc(20, '.');
    expect(await file.read(target, 20, 5)).toBe(8);
    expect(target.toString()).toBe(`23456789${'.'.repeat(12)}`);
    expect([await file.read(target, 2, 3), await file.read(target, 2, 13)]).toEqual([2, 0]);
    await file.truncate(5);
    expect(await file.size()).toBe(5);
    await file.close();
    const again = await nodeFiles.openToWrite(path);
    await again.writev([Buffer.from('x')], 4);
    await again.close();
    await nodeFiles.rename(path, join(directory, 'b'));
    expect(readFileSync(join(directory, 'b'), 'latin1')).toBe('\0\0\x000x');
    await expect(nodeFiles.openToRead(path)).rejects.toMatchObject({ code: 'ENOENT' });
    await nodeFiles.unlink(join(directory, 'b'));
    expect(await nodeFiles.list(directory)).toEqual([]);
    // Bytes, not blocks.
    const { bavail, bsize } = statfsSync(directory);
    const free = await nodeFiles.freeBytes(directory);
    expect(Math.abs(free - bavail * bsize)).toBeLessThan(2 ** 30 + free / 2);
  } finally {
    rmSync(dirname(dirname(directory)), { recursive: true });
  }
});

test('growth wakes all waiting readers and calls all listeners, once per turn', async () => {
  const growth = new Growth();
  const calls: string[] = [];
  const end = growth.listen(() => calls.push('first'));
  growth.listen(() => calls.push('second'));
  const never = new AbortController().signal;
  const waiting = [growth.wait(never), growth.wait(never)];
  growth.grew();
  growth.grew();
  await Promise.all(waiting);
  expect(calls).toEqual(['first', 'second']);
  end();
  const again = growth.wait(never);
  growth.grew();
  await again;
  expect(calls).toEqual(['first', 'second', 'second']);
  const last = growth.wait(never);
  growth.close(new Error('closed'));
  await expect(last).rejects.toThrow('closed');
  await expect(growth.wait(never)).rejects.toThrow('closed');
});
