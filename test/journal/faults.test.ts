import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Accepted } from '../../src/component/contract.ts';
import { Journal, type JournalOptions } from '../../src/journal/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { FragileFiles, type Step } from './support/fragile-files.ts';
import { batchOf, kinds, originOf, producerOf, readAll, texts } from './support/journal-tools.ts';

const directory = '/journal';

function openOn(files: FragileFiles, options: Partial<JournalOptions> = {}): Promise<Journal> {
  return Journal.open({ directory, files, minFreeBytes: 0, segmentBytes: 4_096, ...options });
}

function broken(code: string): Error {
  return Object.assign(new Error(`${code}: as the test wants it`), { code });
}

/** Appends until segments are created and removed, and records what was acknowledged. */
async function work(journal: Journal, warnings: Map<number, string>, from: number): Promise<Accepted[]> {
  const answers: Accepted[] = [];
  for (let seq = from; seq < from + 12; seq += 2) {
    const pair = await Promise.allSettled(
      [seq, seq + 1].map(async (each) => {
        const answer = await journal.append(batchOf(`${each}`, originOf(1, each), 600));
        if (answer.kind === 'accepted') warnings.set(answer.index, `${each}`);
        return answer;
      }),
    );
    for (const each of pair) if (each.status === 'fulfilled') answers.push(each.value);
    await journal.trim(Math.max(1, journal.next - 4)).catch(() => {});
  }
  return answers;
}

async function stepsOfWork(): Promise<Step[]> {
  const files = new FragileFiles();
  const steps: Step[] = [];
  files.before = (step) => steps.push(step);
  const journal = await openOn(files);
  await work(journal, new Map(), 1);
  await journal.close();
  return steps;
}

test('the operations of these tests include every kind of step', async () => {
  const steps = await stepsOfWork();
  expect(new Set(steps.map(({ kind }) => kind))).toEqual(
    new Set(['create', 'writev', 'datasync', 'rename', 'syncDirectory', 'unlink']),
  );
});

test('with an error at any step, only safe data is acknowledged, the error is reported once, and nothing is accepted afterwards', async () => {
  const { length } = await stepsOfWork();
  for (let failing = 1; failing <= length; failing += 1) {
    let files = new FragileFiles();
    const faults: Error[] = [];
    let failed: Step | undefined;
    files.before = (step) => {
      if (step.number !== failing) return;
      failed = step;
      throw broken('EIO');
    };
    const warnings = new Map<number, string>();
    const journal = await openOn(files, { onFault: (error) => faults.push(error) }).catch(() => undefined);
    if (journal !== undefined) {
      await work(journal, warnings, 1);
      if (failed !== undefined && failed.kind !== 'unlink') {
        expect(faults.map(({ message }) => message)).toEqual(['EIO: as the test wants it']);
        const { steps } = files;
        await expect(journal.append(batchOf('late'))).rejects.toThrow('EIO');
        await expect(journal.append(batchOf('later'))).rejects.toThrow('EIO');
        expect(files.steps).toBe(steps);
      }
      await journal.close().catch(() => {});
    }
    expect([failed, files.open]).toEqual([failed, []]);
    files.before = () => {};
    // The program restarts on the same system, then the power fails: what it found must be on disk by then.
    let again = await openOn(files);
    const found = await texts(again);
    files = files.crash(() => 0);
    again = await openOn(files);
    expect(await texts(again)).toEqual(found);
    for (const [index, text] of warnings) {
      if (index >= again.first) expect(found).toContain(text);
    }
    expect(new Set(found).size).toBe(found.length);
  }
});

test('if the process ends at any step, acknowledged data is stored once, and the sender continues', async () => {
  const { length } = await stepsOfWork();
  for (let ending = 1; ending <= length; ending += 1) {
    for (const power of [false, true]) {
      const files = new FragileFiles();
      const warnings = new Map<number, string>();
      let ended = () => {};
      const end = new Promise<void>((resolve) => {
        ended = resolve;
      });
      files.before = ({ number }) => {
        if (number !== ending) return;
        files.dead = true;
        ended();
      };
      const working = openOn(files).then(async (journal) => {
        await work(journal, warnings, 1);
        await journal.close();
      });
      await Promise.race([end, working]);
      const left = power ? files.crash(() => 0) : files.killed();
      const journal = await openOn(left);
      const last = journal.lastSeq(producerOf(1));
      for (const text of warnings.values()) expect(last).toBeGreaterThanOrEqual(Number(text));
      const answers = await work(journal, warnings, last + 1);
      expect(new Set(kinds(answers))).toEqual(new Set(['accepted']));
      const found = await readAll(journal);
      const numbers = found.map(({ body }) => Number(Buffer.from(body).toString().replace(/\.+$/, '')));
      expect(numbers).toEqual(numbers.map((_, at) => numbers[0]! + at));
    }
  }
});

test('without room for a group the answer is full, existing data is kept, and later there is room again', async () => {
  const files = new FragileFiles();
  const faults: Error[] = [];
  const journal = await openOn(files, { segmentBytes: 100_000, onFault: (error) => faults.push(error) });
  await journal.append(batchOf('1', originOf(1, 1)));
  files.before = ({ kind }) => {
    if (kind === 'writev') throw broken('ENOSPC');
  };
  const answers = await Promise.all([
    journal.append(batchOf('2', originOf(1, 2), 900)),
    journal.append(batchOf('3', originOf(1, 3), 900)),
    journal.append(batchOf('2', originOf(1, 2), 900)),
  ]);
  expect(answers.map(({ kind }) => kind)).toEqual(['full', 'full', 'full']);
  files.before = () => {};
  // The third without the second is a gap, not an entry.
  expect(await journal.append(batchOf('3', originOf(1, 3), 900))).toEqual({ kind: 'gap', last: 1 });
  expect((await journal.append(batchOf('2', originOf(1, 2), 900))).kind).toBe('accepted');
  expect((await journal.append(batchOf('3', originOf(1, 3), 900))).kind).toBe('accepted');
  expect(await texts(journal)).toEqual(['1', '2', '3']);
  expect(faults).toEqual([]);
  await journal.close();
  expect(await texts(await openOn(files))).toEqual(['1', '2', '3']);
});

test('batches that wait after a refused group are refused too, or a later batch would overtake it', async () => {
  const files = new FragileFiles();
  const journal = await openOn(files);
  let failures = 1;
  let release = () => {};
  files.gate = new Promise((resolve) => {
    release = resolve;
  });
  files.before = ({ kind }) => {
    if (kind === 'writev' && failures > 0) {
      failures -= 1;
      throw broken('ENOSPC');
    }
  };
  const first = journal.append(batchOf('1', originOf(1, 1)));
  await new Promise((resolve) => setImmediate(resolve));
  const second = journal.append(batchOf('2', originOf(1, 2)));
  release();
  expect(kinds(await Promise.all([first, second]))).toEqual(['full', 'full']);
  expect((await journal.append(batchOf('1', originOf(1, 1)))).kind).toBe('accepted');
});

test('nothing of a refused group stays on disk, even if the process ends at that moment', async () => {
  const files = new FragileFiles();
  const journal = await openOn(files, { segmentBytes: 100_000 });
  files.before = ({ kind }) => {
    if (kind === 'writev') throw broken('ENOSPC');
  };
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map((text) => journal.append(batchOf(text))));
  expect(new Set(kinds(answers))).toEqual(new Set(['full']));
  for (const left of [files.killed(), files.crash(() => 0)])
    expect(await texts(await openOn(left))).toEqual([]);
});

test('with damage across the beginning of the last group, earlier data is kept and the group is truncated', async () => {
  let files = new FragileFiles();
  let journal = await openOn(files, { segmentBytes: 100_000 });
  await journal.append(batchOf('1', originOf(1, 1), 100));
  await journal.append(batchOf('2', originOf(1, 2), 100));
  await Promise.all([3, 4, 5].map((seq) => journal.append(batchOf(`${seq}`, originOf(1, seq), 100))));
  files = files.killed();
  const name = files.segments()[0]!;
  const content = Buffer.from(files.bytesOf(name));
  content.fill(0, 1_024 + 2 * 180 - 50, 1_024 + 2 * 180 + 50);
  files.replace(name, content);
  journal = await openOn(files, { segmentBytes: 100_000 });
  expect(await texts(journal)).toEqual(['1']);
  expect(journal.stats()).toMatchObject({ damagedRanges: 1, damagedBytes: 180, cutBytes: 540 });
  // The second was acknowledged and is lost; the third is resent.
  expect(await journal.append(batchOf('3', originOf(1, 3, 2), 100))).toEqual({ kind: 'gap', last: 1 });
  expect((await journal.append(batchOf('3', originOf(1, 3, 0), 100))).kind).toBe('accepted');
});

test('no room for a new segment is not a fault, and leaves no files', async () => {
  for (const kind of ['create', 'writev', 'datasync', 'rename'] as const) {
    const files = new FragileFiles();
    const journal = await openOn(files);
    await journal.append(batchOf('1', undefined, 2_500));
    files.before = (step) => {
      if (step.kind === kind && step.name.startsWith('0000000000000002')) throw broken('ENOSPC');
    };
    expect((await journal.append(batchOf('2', undefined, 2_500))).kind).toBe('full');
    expect(files.segments()).toEqual(['0000000000000001.segment']);
    files.before = () => {};
    expect(await journal.append(batchOf('2', undefined, 2_500))).toEqual({ kind: 'accepted', index: 2 });
    expect(files.segments()).toHaveLength(2);
  }
});

test('no file descriptor for a new segment is not a fault: nothing is accepted until there is one', async () => {
  for (const code of ['EMFILE', 'ENFILE', 'ENOMEM']) {
    const files = new FragileFiles();
    const faults: Error[] = [];
    const journal = await openOn(files, { onFault: (error) => faults.push(error) });
    await journal.append(batchOf('1', undefined, 2_500));
    files.before = (step) => {
      if (step.kind === 'create') throw broken(code);
    };
    expect((await journal.append(batchOf('2', undefined, 2_500))).kind).toBe('full');
    expect(journal.stats()).toMatchObject({ isFull: true, refused: { descriptors: 1 } });
    files.openingFails = broken(code);
    await journal.checkRoom();
    expect(journal.stats().isFull).toBe(true);
    files.openingFails = undefined;
    await journal.checkRoom();
    expect(journal.stats().isFull).toBe(false);
    expect(files.segments()).toEqual(['0000000000000001.segment']);
    files.before = () => {};
    expect(await journal.append(batchOf('2', undefined, 2_500))).toEqual({ kind: 'accepted', index: 2 });
    expect(journal.stats().isFull).toBe(false);
    expect(faults).toEqual([]);
  }
});

test('a manifest without room is written the next time, and delays nothing', async () => {
  for (const code of ['ENOSPC', 'EMFILE']) {
    const files = new FragileFiles();
    files.before = (step) => {
      if (step.kind === 'create' && step.name.startsWith('manifest')) throw broken(code);
    };
    const journal = await openOn(files);
    await journal.append(batchOf('1', undefined, 2_500));
    expect(files.names()).toEqual(['0000000000000001.segment']);
    files.before = () => {};
    await journal.append(batchOf('2', undefined, 2_500));
    expect(files.names()).toContain('manifest');
  }
});

test('a journal at maxBytes is full until it is trimmed; duplicates are still detected', async () => {
  const journal = await openOn(new FragileFiles(), { maxBytes: 12_000 });
  const answers: Accepted[] = [];
  for (let seq = 1; seq <= 12; seq += 1) {
    answers.push(await journal.append(batchOf(`${seq}`, originOf(1, seq), 1_000)));
  }
  const taken = answers.filter(({ kind }) => kind === 'accepted').length;
  expect(taken).toBeGreaterThan(5);
  expect(answers.at(-1)!.kind).not.toBe('accepted');
  expect(answers[taken]).toMatchObject({ kind: 'full', retryAfterMillis: expect.any(Number) });
  expect(journal.stats().bytes).toBeLessThanOrEqual(12_000);
  expect(journal.stats().refused.journal).toBeGreaterThan(0);
  expect(await journal.append(batchOf('1', originOf(1, 1)))).toEqual({ kind: 'duplicate', last: taken });
  await journal.trim(journal.next);
  expect((await journal.append(batchOf(`${taken + 1}`, originOf(1, taken + 1), 1_000))).kind).toBe(
    'accepted',
  );
});

test('below the free space limit the journal is full, and checks again after a trim', async () => {
  const files = new FragileFiles();
  const journal = await openOn(files, { minFreeBytes: 10_000, segmentBytes: 4_096 });
  files.freeAmount = 13_000;
  const answers: string[] = [];
  for (let at = 0; at < 6; at += 1) {
    answers.push((await journal.append(batchOf(`${at}`, undefined, 1_000))).kind);
  }
  // The free space was first read before it was set; trimming reads it again.
  await journal.trim(journal.next);
  for (let at = 0; at < 6; at += 1) {
    answers.push((await journal.append(batchOf(`${at}`, undefined, 1_000))).kind);
  }
  expect(answers).toContain('full');
  expect(answers[0]).toBe('accepted');
  files.freeAmount = 1_000_000;
  await journal.trim(journal.next);
});

test('whether there is room is known without an append: below the free space limit, and when that is over', async () => {
  const files = new FragileFiles();
  files.freeAmount = 5_000;
  const journal = await openOn(files, { minFreeBytes: 10_000 });
  expect(journal.stats().isFull).toBe(false);
  await journal.checkRoom();
  expect(journal.stats().isFull).toBe(true);
  files.freeAmount = 1_000_000;
  // It queries the file system once a second.
  while (journal.stats().isFull) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await journal.checkRoom();
  }
  expect((await journal.append(batchOf('a', undefined, 1_000))).kind).toBe('accepted');
});

test('a journal without room for a batch is full until such a batch would fit, or none has arrived for a while', async () => {
  const clock = new ManualClock();
  const journal = await openOn(new FragileFiles(), { maxBytes: 12_000, clock });
  expect((await journal.append(batchOf('large', undefined, 20_000))).kind).toBe('full');
  await journal.checkRoom();
  expect(journal.stats().isFull).toBe(true);
  // A record of the daemon itself does not show whether there is room for those of others.
  expect((await journal.append(batchOf('own', undefined, 100))).kind).toBe('accepted');
  await journal.checkRoom();
  expect(journal.stats().isFull).toBe(true);
  clock.advance(10_000);
  expect((await journal.append(batchOf('small', undefined, 100))).kind).toBe('accepted');
  await journal.checkRoom();
  expect(journal.stats().isFull).toBe(false);
});

test('batches that wait to be written are bounded', async () => {
  const files = new FragileFiles();
  const journal = await openOn(files, { maxQueuedBytes: 3_000, segmentBytes: 100_000 });
  const answers = await Promise.all(
    ['a', 'b', 'c', 'd'].map((text) => journal.append(batchOf(text, undefined, 1_000))),
  );
  expect(kinds(answers)).toEqual(['accepted', 'accepted', 'full', 'full']);
  expect(journal.stats()).toMatchObject({ queuedBytes: 0, refused: { queue: 2 } });
});

test('batches that wait are written in groups of at most 8 MiB', async () => {
  const journal = await openOn(new FragileFiles(), { segmentBytes: 100_000_000 });
  const before = journal.stats().groups;
  const large = ['a', 'b', 'c', 'd'].map((text) => journal.append(batchOf(text, undefined, 4_000_000)));
  expect(kinds(await Promise.all(large))).toEqual(Array(4).fill('accepted'));
  expect(journal.stats().groups - before).toBe(2);
});

test('a newer format version is refused, and nothing is changed', async () => {
  const files = new FragileFiles();
  const journal = await openOn(files);
  await journal.append(batchOf('a', undefined, 3_000));
  await journal.append(batchOf('b', undefined, 3_000));
  await journal.close();
  const [name] = files.segments();
  const content = Buffer.from(files.bytesOf(name!));
  for (const at of [0, 512]) {
    content.writeUInt32LE(2, at + 8);
    content.writeUInt32LE(crc32(content.subarray(at, at + 12)), at + 12);
  }
  files.replace(name!, content);
  const { steps } = files;
  await expect(openOn(files)).rejects.toThrow(
    `journal: /journal/${name} has format version 2, this program supports 1; nothing was changed, use a newer program`,
  );
  expect(files.steps).toBe(steps);
});

test('a damaged range is copied to a file, counted once and logged once', async () => {
  const files = new FragileFiles();
  let journal = await openOn(files, { segmentBytes: 100_000 });
  for (const text of ['a', 'b', 'c']) await journal.append(batchOf(text, undefined, 500));
  await journal.close();
  const name = files.segments()[0]!;
  const content = Buffer.from(files.bytesOf(name));
  const place = 1_024 + 580 + 100;
  content[place]! ^= 1;
  files.replace(name, content);
  const warnings: string[] = [];
  const log = { emit: (_: number, message: string) => void warnings.push(message) };
  journal = await openOn(files, { log, segmentBytes: 100_000 });
  expect(await texts(journal)).toEqual(['a', 'c']);
  expect(await texts(journal)).toEqual(['a', 'c']);
  expect(journal.stats()).toMatchObject({
    damagedRanges: 1,
    damagedBytes: 580,
    cutBytes: 0,
    uncopiedBytes: 0,
  });
  expect(warnings).toEqual([
    `journal: 580 bytes at 1604 of ${name} are damaged; they were copied to ${name}.1604.damaged, reading continues after them`,
  ]);
  expect(files.bytesOf(`${name}.1604.damaged`)).toEqual(content.subarray(1_604, 2_184));
});

test('damage in an older segment is found by its readers', async () => {
  const files = new FragileFiles();
  let journal = await openOn(files);
  for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) await journal.append(batchOf(text, undefined, 1_000));
  await journal.close();
  const content = Buffer.from(files.bytesOf(files.segments()[0]!));
  content[1_500]! ^= 1;
  files.replace(files.segments()[0]!, content);
  journal = await openOn(files);
  expect(journal.stats().damagedRanges).toBe(0);
  expect(await texts(journal)).toEqual(['b', 'c', 'd', 'e', 'f']);
  expect(journal.stats().damagedRanges).toBe(1);
});

test('a damaged table of producers is rebuilt from the previous segment; without one the id changes', async () => {
  const damaged = async (trims: boolean) => {
    const files = new FragileFiles();
    let journal = await openOn(files);
    for (let seq = 1; seq <= 6; seq += 1) await journal.append(batchOf(`${seq}`, originOf(1, seq), 1_000));
    if (trims) await journal.trim(5);
    const { id } = journal;
    await journal.close();
    const name = files.segments().at(-1)!;
    const content = Buffer.from(files.bytesOf(name));
    content[1_030]! ^= 1;
    files.replace(name, content);
    journal = await openOn(files);
    const same = Buffer.compare(journal.id, id) === 0;
    const kept = await texts(journal);
    await journal.close();
    // The new segment has a complete table, and the id does not change.
    const again = await openOn(files);
    expect(again.id).toEqual(journal.id);
    return { same, last: again.lastSeq(producerOf(1)), kept };
  };
  expect(await damaged(false)).toEqual({ same: true, last: 6, kept: ['1', '2', '3', '4', '5', '6'] });
  const { same, kept } = await damaged(true);
  expect(same).toBe(false);
  expect(kept.at(-1)).toBe('6');
});

test('with a damaged table in a segment without entries, the next entry gets an unused index', async () => {
  const files = new FragileFiles();
  let journal = await openOn(files);
  for (let seq = 1; seq <= 3; seq += 1) await journal.append(batchOf(`${seq}`, originOf(1, seq), 900));
  await journal.trim(journal.next);
  expect(journal.first).toBe(4);
  await journal.close();
  const name = files.segments()[0]!;
  const content = Buffer.from(files.bytesOf(name));
  content[1_030]! ^= 1;
  files.replace(name, content);
  journal = await openOn(files);
  expect(await journal.append(batchOf('new', originOf(1, 1)))).toEqual({ kind: 'accepted', index: 5 });
  expect(await texts(journal, 4)).toEqual(['new']);
  await journal.trim(5);
  expect(files.segments()).toEqual(['0000000000000005.segment']);
  await journal.close();
  expect(await texts(await openOn(files))).toEqual(['new']);
});

test('a body that contains a copy of the journal produces no entry if its own entry is damaged', async () => {
  const files = new FragileFiles();
  let journal = await openOn(files, { segmentBytes: 100_000 });
  await journal.append(batchOf('a'));
  const copy = Buffer.from(files.bytesOf(files.segments()[0]!));
  await journal.append({ body: Buffer.concat([randomBytes(7), copy]), records: 1 });
  await journal.append(batchOf('b'));
  await journal.close();
  const name = files.segments()[0]!;
  const content = Buffer.from(files.bytesOf(name));
  // The header of the frame whose body is the copy.
  content[1_024 + 81 + 20]! ^= 1;
  files.replace(name, content);
  journal = await openOn(files, { segmentBytes: 100_000 });
  expect(await texts(journal)).toEqual(['a', 'b']);
});

test('a producer with a batch in flight is not dropped, however many others arrive', async () => {
  const files = new FragileFiles();
  const journal = await openOn(files, { producers: { maxCount: 1, maxAgeMillis: Number.POSITIVE_INFINITY } });
  let open = () => {};
  files.gate = new Promise((resolve) => {
    open = resolve;
  });
  const first = journal.append(batchOf('1', originOf(1, 1)));
  const others = [2, 3, 4].map((producer) =>
    journal.append(batchOf(`other ${producer}`, originOf(producer, 1))),
  );
  // The duplicate waits for the first copy: it must not be accepted a second time.
  const repeat = journal.append(batchOf('1', originOf(1, 1)));
  open();
  expect((await first).kind).toBe('accepted');
  expect(kinds(await Promise.all(others))).toEqual(['accepted', 'accepted', 'accepted']);
  expect(await repeat).toEqual({ kind: 'duplicate', last: 1 });
  expect((await texts(journal)).filter((text) => text === '1')).toHaveLength(1);
});

test('a producer with a batch in flight is not dropped because of its age', async () => {
  const files = new FragileFiles();
  const clock = new ManualClock();
  const journal = await openOn(files, { clock, producers: { maxCount: 100_000, maxAgeMillis: 60_000 } });
  let open = () => {};
  files.gate = new Promise((resolve) => {
    open = resolve;
  });
  const first = journal.append(batchOf('1', originOf(1, 1)));
  const others = [2, 3, 4, 5, 6].map((producer) => {
    clock.advance(30_000);
    return journal.append(batchOf(`other ${producer}`, originOf(producer, 1)));
  });
  const repeat = journal.append(batchOf('1', originOf(1, 1)));
  open();
  expect((await first).kind).toBe('accepted');
  await Promise.all(others);
  expect(await repeat).toEqual({ kind: 'duplicate', last: 1 });
  expect((await texts(journal)).filter((text) => text === '1')).toHaveLength(1);
});
