import { crc32 } from 'node:zlib';
import type { Accepted } from '../../src/component/contract.ts';
import { Journal, type JournalOptions } from '../../src/journal/index.ts';
import { withJournalDefaults } from '../../src/journal/options.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { FragileFiles } from './support/fragile-files.ts';
import { batchOf, kinds, originOf, producerOf, readAll, texts } from './support/journal-tools.ts';

const never = new AbortController().signal;
/** The size of a segment without producers (its header), and of an entry (its frame without the body). */
const HEAD_BYTES = 1_024;
const FRAME_BYTES = 80;

function openOn(files: FragileFiles, options: Partial<JournalOptions> = {}): Promise<Journal> {
  return Journal.open({ directory: '/journal', files, minFreeBytes: 0, segmentBytes: 4_096, ...options });
}

function broken(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Blocks every step on the disk until it is released. */
function gateOf(files: FragileFiles): () => void {
  let open = () => {};
  files.gate = new Promise((resolve) => {
    open = resolve;
  });
  return open;
}

describe('the layout matches the documentation in the code, so that other versions can read it', () => {
  const journalOf = async () => {
    const clock = new ManualClock(1_700_000_000_000.5);
    const files = new FragileFiles();
    const journal = await openOn(files, { clock });
    await journal.append(batchOf('first', originOf(7, 2 ** 33, 0)));
    const origin = originOf(7, 2 ** 40 + 3, 2 ** 33);
    await journal.append({ body: Buffer.from('second'), records: 4_000_000_000, origin });
    return { journal, files, id: Buffer.from(journal.id), bytes: files.bytesOf('0000000000000001.segment') };
  };
  /** An integer of eight bytes, little-endian. */
  const whole = (bytes: Buffer, at: number) => Number(bytes.readBigUInt64LE(at));

  test('of the header, twice', async () => {
    const { id, bytes } = await journalOf();
    for (const head of [bytes.subarray(0, 92), bytes.subarray(512, 604)]) {
      expect(head.toString('latin1', 0, 8)).toBe('distlogJ');
      expect([head.readUInt32LE(8), head.readUInt32LE(12)]).toEqual([1, crc32(head.subarray(0, 12))]);
      expect(head.subarray(16, 32)).toEqual(id);
      expect([whole(head, 40), whole(head, 48), whole(head, 56)]).toEqual([1, 0, 0]);
      expect(head.readDoubleLE(64)).toBe(1_700_000_000_000.5);
      expect([head.readUInt32LE(80), head.readUInt32LE(84)]).toEqual([0, 0]);
      expect(head.readUInt32LE(88)).toBe(crc32(head.subarray(0, 88)));
    }
    // One flipped bit in the first copy, and the second copy is used.
    expect(bytes.subarray(92, 512).every((byte) => byte === 0)).toBe(true);
  });

  test('of entries and the seal', async () => {
    const { journal, files, bytes } = await journalOf();
    await journal.close();
    const sealed = files.bytesOf('0000000000000001.segment');
    expect(sealed.length).toBe(HEAD_BYTES + 3 * FRAME_BYTES + 5 + 6);
    const [first, second, seal] = [HEAD_BYTES, HEAD_BYTES + 85, HEAD_BYTES + 171];
    for (const at of [first, second, seal]) {
      expect(sealed.subarray(at, at + 8)).toEqual(bytes.subarray(32, 40));
      expect(sealed.readUInt32LE(at + 12)).toBe(at);
      expect(sealed.readDoubleLE(at + 24)).toBe(1_700_000_000_000.5);
      expect(sealed.readUInt32LE(at + 76)).toBe(crc32(sealed.subarray(at, at + 76)));
    }
    const fields = (at: number) => [16, 32, 40].map((offset) => whole(sealed, at + offset));
    const small = (at: number) => [8, 64, 68, 72].map((offset) => sealed.readUInt32LE(at + offset));
    expect([fields(first), small(first)]).toEqual([
      [1, 2 ** 33, 0],
      [5, 5, crc32('first'), 1],
    ]);
    expect([fields(second), small(second)]).toEqual([
      [2, 2 ** 40 + 3, 2 ** 33],
      [6, 4_000_000_000, crc32('second'), 1],
    ]);
    expect([fields(seal), small(seal)]).toEqual([
      [3, 0, 0],
      [0, 0, 0, 2],
    ]);
    expect(sealed.subarray(first + 48, first + 64)).toEqual(Buffer.from(producerOf(7)));
    expect(sealed.subarray(first + 80, first + 85).toString()).toBe('first');
  });

  test('of the table of producers, and the counts of the next header', async () => {
    const { journal, files } = await journalOf();
    await journal.append(batchOf('x', originOf(8, 9, 0), 3_900));
    const head = files.bytesOf('0000000000000003.segment');
    expect([whole(head, 40), whole(head, 48), whole(head, 56)]).toEqual([3, 4_000_000_005, 11]);
    const rows = head.subarray(HEAD_BYTES, HEAD_BYTES + 32);
    expect([head.readUInt32LE(80), head.readUInt32LE(84)]).toEqual([1, crc32(rows)]);
    expect(rows.subarray(0, 16)).toEqual(Buffer.from(producerOf(7)));
    expect(whole(rows, 16)).toBe(2 ** 40 + 3);
    expect(rows.readDoubleLE(24)).toBe(head.readDoubleLE(72));
    await journal.close();
    const [line, sum] = files.bytesOf('manifest').toString().split('\n');
    const id = Buffer.from(journal.id).toString('hex');
    expect(JSON.parse(line!)).toEqual({
      ...{ id, formerIds: [], firstIndex: 3, recordsBefore: 4_000_000_005, next: 4, records: 4_000_000_006 },
    });
    expect(sum).toBe(crc32(line!).toString(16));
  });

  test('a damaged copy of the header is replaced by the other, whichever it is', async () => {
    for (const place of [3, 9, 20, 45, 90, 515, 600]) {
      const { journal, files } = await journalOf();
      await journal.close();
      const content = Buffer.from(files.bytesOf('0000000000000001.segment'));
      content[place]! ^= 4;
      files.replace('0000000000000001.segment', content);
      expect(await texts(await openOn(files))).toEqual(['first', 'second']);
    }
  });
});

test('a version with a wrong checksum is damage, not a newer version', async () => {
  const files = new FragileFiles();
  let journal = await openOn(files);
  await journal.append(batchOf('a', undefined, 3_000));
  await journal.append(batchOf('b', undefined, 3_000));
  await journal.close();
  const [name] = files.segments();
  const content = Buffer.from(files.bytesOf(name!));
  for (const at of [8, 520]) content[at]! ^= 6;
  files.replace(name!, content);
  journal = await openOn(files);
  expect(await texts(journal)).toEqual(['b']);
  expect(journal.stats()).toMatchObject({ damagedRanges: 1, damagedBytes: content.length });
  expect(files.names()).toContain(`${name}.0.damaged`);
  await journal.close();
});

describe('bounds, to the byte', () => {
  test('of a group', async () => {
    for (const [more, groups] of [
      [0, 1],
      [1, 2],
    ] as const) {
      const journal = await openOn(new FragileFiles(), { segmentBytes: 100_000_000 });
      const sizes = [4_194_304 - FRAME_BYTES, 4_194_304 - FRAME_BYTES + more];
      const before = journal.stats().groups;
      await Promise.all(sizes.map((bytes) => journal.append(batchOf('x', undefined, bytes))));
      expect(journal.stats().groups - before).toBe(groups);
    }
  });

  test('of the queue: one batch is always accepted, whatever its size', async () => {
    const bound = 2 * (1_000 + FRAME_BYTES);
    const answersFor = async (...sizes: number[]) => {
      const journal = await openOn(new FragileFiles(), { maxQueuedBytes: bound, segmentBytes: 100_000 });
      const answers = sizes.map((bytes) => journal.append(batchOf('x', undefined, bytes)));
      expect(journal.stats()).toMatchObject({ queuedBatches: sizes.length === 2 ? expect.any(Number) : 1 });
      return kinds(await Promise.all(answers));
    };
    expect(await answersFor(1_000, 1_000)).toEqual(['accepted', 'accepted']);
    expect(await answersFor(1_000, 1_001)).toEqual(['accepted', 'full']);
    expect(await answersFor(9_000)).toEqual(['accepted']);
  });

  test('of the journal, and of a segment', async () => {
    // Three entries in the first segment, then the header of the next one counts.
    const sizeOf = (entries: number) => HEAD_BYTES + entries * 1_000;
    for (const [maxBytes, taken] of [
      [sizeOf(3) + sizeOf(1), 4],
      [sizeOf(3) + sizeOf(1) - 1, 3],
    ] as const) {
      const journal = await openOn(new FragileFiles(), { maxBytes, segmentBytes: sizeOf(3) });
      const answers: Accepted[] = [];
      for (let at = 0; at < 5; at += 1) {
        answers.push(await journal.append(batchOf('x', undefined, 1_000 - FRAME_BYTES)));
      }
      expect(answers.filter(({ kind }) => kind === 'accepted')).toHaveLength(taken);
      expect(journal.stats()).toMatchObject({ bytes: taken === 4 ? maxBytes : sizeOf(3), isFull: true });
      expect(journal.stats().refused).toEqual({ journal: 5 - taken, disk: 0, descriptors: 0, queue: 0 });
    }
  });

  test('of the size from which a trim starts a new segment', async () => {
    const rollsAt = async (bytes: number, options: Partial<JournalOptions>) => {
      const files = new FragileFiles();
      const journal = await openOn(files, options);
      await journal.append(batchOf('x', undefined, bytes - HEAD_BYTES - FRAME_BYTES));
      await journal.trim(1);
      expect(files.segments()).toHaveLength(1);
      const { groups } = journal.stats();
      await journal.trim(2);
      expect(journal.stats().groups).toBe(groups);
      return journal.first === 2;
    };
    // Half a segment, or a quarter of the journal; and more than the size of the new header.
    const halves = { segmentBytes: 10_000, maxBytes: 1_000_000 };
    expect([await rollsAt(5_000, halves), await rollsAt(4_999, halves)]).toEqual([true, false]);
    const quarters = { segmentBytes: 100_000, maxBytes: 20_000 };
    expect([await rollsAt(5_000, quarters), await rollsAt(4_999, quarters)]).toEqual([true, false]);
    const costs = { segmentBytes: 2_000, maxBytes: 1_000_000 };
    expect([await rollsAt(2_049, costs), await rollsAt(2_048, costs)]).toEqual([true, false]);
  });

  test('of a batch: its body, its records, its numbers', async () => {
    const journal = await openOn(new FragileFiles(), { maxBytes: 100_000 });
    const body = Buffer.from('x');
    const large = { length: 2 ** 30 + 1 } as Uint8Array;
    const largest = { length: 2 ** 30 } as Uint8Array;
    expect((await journal.append({ body: largest, records: 1 })).kind).toBe('full');
    const refused: [Parameters<Journal['append']>[0], string][] = [
      [{ body: large, records: 1 }, 'body must have at most 1073741824 bytes, got 1073741825'],
      [{ body, records: 2 ** 32 }, 'records must be a whole number from 0 to 4294967295, got 4294967296'],
      [{ body, records: 0.5 }, 'records must be a whole number'],
      [{ body, records: 1, origin: originOf(1, 0, 0) }, 'origin.seq must be a whole number from 1, got 0'],
      [{ body, records: 1, origin: originOf(1, 2 ** 53, 0) }, 'origin.seq'],
      [{ body, records: 1, origin: originOf(1, 1, -1) }, 'origin.prev must be a whole number from 0, got -1'],
      [{ body, records: 1, origin: originOf(1, 1, 0.5) }, 'origin.prev'],
    ];
    for (const [batch, why] of refused) await expect(journal.append(batch)).rejects.toThrow(why);
    const taken = [
      await journal.append({ body, records: 2 ** 32 - 1, origin: originOf(1, 2 ** 53 - 1, 0) }),
      await journal.append({ body, records: 0, origin: originOf(2, 1, 0) }),
    ];
    expect(kinds(taken)).toEqual(['accepted', 'accepted']);
    expect(() => journal.reader(-1)).toThrow('position');
    expect(() => journal.behind(0.5)).toThrow('position');
    await expect(journal.trim(-1)).rejects.toThrow('position');
  });
});

test('omitted options have the defaults of docs/distlogd.md', () => {
  const { clock, directory, files, log, onFault, ...options } = withJournalDefaults({ directory: '/a' });
  expect(options).toEqual({
    ...{ segmentBytes: 64 * 2 ** 20, maxBytes: 8 * 2 ** 30, minFreeBytes: 256 * 2 ** 20, sync: 'always' },
    producers: { maxCount: 100_000, maxAgeMillis: 7 * 86_400_000 },
    ...{ maxQueuedBytes: 256 * 2 ** 20, recentBytes: 32 * 2 ** 20 },
  });
  expect(directory).toBe('/a');
});

describe('without room', () => {
  test('a waiting duplicate is refused with the cause and size of its first copy', async () => {
    const files = new FragileFiles();
    const journal = await openOn(files);
    await journal.append(batchOf('1', originOf(1, 1), 2_500));
    files.before = ({ kind }) => {
      if (kind === 'create') throw broken('EMFILE');
    };
    const copies = [1, 2].map(() => journal.append(batchOf('2', originOf(1, 2), 2_500)));
    expect(kinds(await Promise.all(copies))).toEqual(['full', 'full']);
    expect(journal.stats().refused).toEqual({ journal: 0, disk: 0, descriptors: 2, queue: 0 });
  });

  test('it is logged once a minute, with the cause', async () => {
    const files = new FragileFiles();
    const clock = new ManualClock();
    const logged: string[] = [];
    const log = { emit: (severity: number, message: string) => void logged.push(`${severity} ${message}`) };
    const journal = await openOn(files, { clock, log });
    files.before = ({ kind }) => {
      if (kind === 'writev') throw broken('EDQUOT');
    };
    const refuse = async () => expect((await journal.append(batchOf('x'))).kind).toBe('full');
    await refuse();
    clock.advance(59_999);
    await refuse();
    expect(logged).toEqual([
      '13 journal: no records are accepted: the disk is full or has less free space than journal.minFreeBytes',
    ]);
    clock.advance(1);
    await refuse();
    expect(logged).toHaveLength(2);
  });

  test('after a write without room, free space is queried before the next write', async () => {
    const files = new FragileFiles();
    files.freeAmount = 1_000_000;
    const journal = await openOn(files, { minFreeBytes: 1_000 });
    await journal.append(batchOf('1'));
    files.before = ({ kind }) => {
      if (kind === 'writev') throw broken('ENOSPC');
    };
    expect((await journal.append(batchOf('2'))).kind).toBe('full');
    files.freeAmount = 0;
    const { steps } = files;
    expect((await journal.append(batchOf('2'))).kind).toBe('full');
    expect(files.steps).toBe(steps);
  });

  test('it is full until ten seconds after the last refusal, unless the missing room is available', async () => {
    const clock = new ManualClock();
    const journal = await openOn(new FragileFiles(), { maxBytes: 12_000, clock });
    const isFullAfter = async (bytes: number) => {
      expect((await journal.append(batchOf('x', undefined, bytes))).kind).toBe('accepted');
      return journal.stats().isFull;
    };
    expect((await journal.append(batchOf('large', undefined, 20_000))).kind).toBe('full');
    clock.advance(9_999);
    expect(await isFullAfter(10)).toBe(true);
    clock.advance(1);
    expect(await isFullAfter(10)).toBe(false);
    // A trim that removes something makes room as well.
    expect((await journal.append(batchOf('large', undefined, 20_000))).kind).toBe('full');
    await isFullAfter(3_000);
    await journal.trim(journal.next);
    expect(journal.stats().isFull).toBe(false);
  });

  test('a producer whose only batch was refused is not in the table of the next segment', async () => {
    const files = new FragileFiles();
    let journal = await openOn(files);
    files.before = ({ kind }) => {
      if (kind === 'writev') throw broken('ENOSPC');
    };
    expect((await journal.append(batchOf('1', originOf(1, 1)))).kind).toBe('full');
    files.before = () => {};
    await journal.append(batchOf('x', undefined, 3_000));
    await journal.append(batchOf('y', undefined, 3_000));
    await journal.close();
    journal = await openOn(files);
    expect(journal.stats()).toMatchObject({ producers: 0, segments: 2 });
  });
});

test('damaged ranges are copied up to the size of one segment, across restarts; the others are counted', async () => {
  const files = new FragileFiles();
  let journal = await openOn(files, { segmentBytes: 100_000 });
  for (const text of ['a', 'b', 'c', 'd']) await journal.append(batchOf(text, undefined, 920));
  await journal.close();
  const name = files.segments()[0]!;
  const damage = (entry: number) => {
    const content = Buffer.from(files.bytesOf(name));
    content[HEAD_BYTES + entry * 1_000 + 500]! ^= 1;
    files.replace(name, content);
  };
  const kept = () => files.names().filter((each) => each.endsWith('.damaged'));
  // Room for two ranges of 1,000 bytes.
  const reopened = async () => {
    journal = await openOn(files, { segmentBytes: 2_000 });
    const { damagedRanges, uncopiedBytes } = journal.stats();
    await journal.close();
    return [damagedRanges, uncopiedBytes];
  };
  damage(0);
  expect(await reopened()).toEqual([1, 0]);
  damage(1);
  expect(await reopened()).toEqual([2, 0]);
  damage(2);
  expect(await reopened()).toEqual([3, 1_000]);
  expect(kept()).toEqual([`${name}.1024.damaged`, `${name}.2024.damaged`]);
  // A user has removed one.
  files.remove(`${name}.2024.damaged`);
  expect(await reopened()).toEqual([3, 1_000]);
  expect(kept()).toEqual([`${name}.1024.damaged`, `${name}.2024.damaged`]);
  // And the other one is removed while the journal is opened.
  const { list } = files;
  files.list = async (path) => {
    const names = await list.call(files, path);
    if (kept().includes(`${name}.1024.damaged`)) files.remove(`${name}.1024.damaged`);
    return names;
  };
  journal = await openOn(files, { segmentBytes: 2_000 });
  await journal.close();
});

test('a batch that is refused while the room is checked remains the reason why the journal is full', async () => {
  const files = new FragileFiles();
  const journal = await openOn(files, { maxBytes: 8_192, minFreeBytes: 1 });
  // The answer about the disk comes after the refusal.
  let answer = (_bytes: number) => {};
  files.freeBytes = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 10_000);
  const checked = journal.checkRoom();
  clock.mockRestore();
  expect(await journal.append(batchOf('large', undefined, 8_000))).toMatchObject({ kind: 'full' });
  answer(Number.MAX_SAFE_INTEGER);
  await checked;
  expect(journal.stats().isFull).toBe(true);
  await journal.close();
});

describe('readers', () => {
  test('a segment that is removed while a reader opens it is skipped', async () => {
    const files = new FragileFiles();
    const journal = await openOn(files, { recentBytes: 0 });
    for (let at = 0; at < 12; at += 1) await journal.append(batchOf(`${at}`, undefined, 1_500));
    const { openToRead } = files;
    const reader = journal.reader(1);
    let trimmed = false;
    files.openToRead = async (path) => {
      if (!trimmed) {
        trimmed = true;
        await journal.trim(9);
      }
      return openToRead.call(files, path);
    };
    const found: number[] = [];
    while (reader.position < journal.next) {
      found.push(...(await reader.next(10_000, never)).map(({ index }) => index));
    }
    expect(journal.first).toBe(9);
    expect(found).toEqual([9, 10, 11, 12]);
    expect(reader.missing.batches).toBe(8);
  });

  test('a segment that is missing but was not trimmed, or cannot be read, is an error each time', async () => {
    const files = new FragileFiles();
    const journal = await openOn(files, { recentBytes: 0 });
    for (let at = 0; at < 12; at += 1) await journal.append(batchOf(`${at}`, undefined, 1_500));
    const reader = journal.reader(1);
    files.openingFails = broken('EIO');
    await expect(reader.next(10_000, never)).rejects.toThrow('EIO');
    files.openingFails = undefined;
    files.remove(files.segments()[0]!);
    await expect(reader.next(10_000, never)).rejects.toThrow('no such file');
    await expect(reader.next(10_000, never)).rejects.toThrow('no such file');
    expect(reader.position).toBe(1);
  });

  test('old entries are read in large chunks, and a position in a segment without reading what is before it', async () => {
    const files = new FragileFiles();
    const journal = await openOn(files, { recentBytes: 0, segmentBytes: 10_000_000 });
    await Promise.all(
      Array.from({ length: 2_000 }, (_, at) => journal.append(batchOf(`${at}`, undefined, 900))),
    );
    files.reads = 0;
    expect(await readAll(journal, 1, 1_000_000)).toHaveLength(2_000);
    expect(files.reads).toBeLessThanOrEqual(4);
    files.reads = 0;
    expect((await journal.reader(1_990).next(1, never))[0]!.index).toBe(1_990);
    expect(files.reads).toBe(1);
  });

  test('concurrent calls are refused; files are closed with the journal', async () => {
    const files = new FragileFiles();
    const journal = await openOn(files, { recentBytes: 0 });
    for (let at = 0; at < 4; at += 1) await journal.append(batchOf(`${at}`, undefined, 3_000));
    const reader = journal.reader(1);
    const both = [reader.next(1, never), reader.next(1, never)];
    await expect(both[1]).rejects.toThrow('a reader does not allow concurrent calls');
    expect((await both[0]!)[0]!.index).toBe(1);
    expect((await reader.next(1, never))[0]!.index).toBe(2);
    expect(files.open.length).toBeGreaterThan(2);
    await journal.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(files.open).toEqual([]);
  });
});

test('if the newest segment is missing after a kill, the next index is above its possible first one', async () => {
  let files = new FragileFiles();
  let journal = await openOn(files);
  for (let seq = 1; seq <= 4; seq += 1) await journal.append(batchOf(`${seq}`, originOf(1, seq), 3_000));
  const id = Buffer.from(journal.id).toString('hex');
  files = files.killed();
  files.remove(files.segments().at(-1)!);
  const logged: string[] = [];
  const log = { emit: (_: number, message: string) => void logged.push(message) };
  journal = await openOn(files, { log });
  expect(logged).toEqual([
    'journal: the newest segment, 0000000000000004.segment, is missing: the batches in it and 0 earlier batches with 0 records are lost',
  ]);
  expect(journal.next).toBe(4);
  expect([journal.continues(id), journal.continues('0'.repeat(32))]).toEqual([true, false]);
  expect(await journal.append(batchOf('new'))).toEqual({ kind: 'accepted', index: 4 });
});

test('a fault of a trim ends a write in progress: pending batches are rejected, once', async () => {
  const files = new FragileFiles();
  const faults: string[] = [];
  const journal = await openOn(files, { onFault: ({ message }) => faults.push(message) });
  for (let at = 0; at < 4; at += 1) await journal.append(batchOf(`${at}`, undefined, 2_500));
  const open = gateOf(files);
  const trimmed = journal.trim(3).catch(({ message }: Error) => message);
  const appended = [1, 2].map(() =>
    journal.append(batchOf('x', originOf(1, 1))).catch(({ message }) => message),
  );
  files.before = ({ kind }) => {
    if (kind === 'syncDirectory') throw broken('EIO');
  };
  open();
  expect(await trimmed).toBe('EIO');
  await Promise.all(appended);
  await expect(journal.append(batchOf('late'))).rejects.toThrow('EIO');
  await expect(journal.trim(1)).rejects.toThrow('EIO');
  expect(faults).toEqual(['EIO']);
  await journal.close();
});
