import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { DeadLetterBox } from '../../src/sinks/dead-letters/dead-letter-box.ts';
import { type DeadLetter, listDeadLetters, replayDeadLetters } from '../../src/sinks/dead-letters/index.ts';
import { decodeLetters, encodeLetter } from '../../src/sinks/dead-letters/letter-format.ts';
import { folderForEachTest } from './support/folder.ts';

const folder = folderForEachTest();

function letter(index: number, bytes = 100): DeadLetter {
  const body = Buffer.alloc(bytes, index);
  return {
    cause: 'http_400',
    message: 'no',
    timeMillis: 1,
    journal: 'ab',
    index,
    receivedMillis: 2,
    records: 3,
    body,
  };
}

function lettersIn(bytes: Buffer): DeadLetter[] {
  return [...decodeLetters(bytes)].flatMap((found) => ('letter' in found ? [found.letter] : []));
}

async function indexes(directory = folder()): Promise<number[]> {
  const found: number[] = [];
  for await (const { index } of listDeadLetters(directory)) found.push(index);
  return found;
}

test('a letter is decoded as it was encoded, and truncation or damage anywhere loses no other letter', () => {
  const arbitrary = fc.record({
    cause: fc.string(),
    message: fc.string(),
    timeMillis: fc.nat(),
    journal: fc.string(),
    index: fc.nat(),
    receivedMillis: fc.nat(),
    records: fc.nat(),
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(
      fc.array(arbitrary, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.boolean(),
      (letters, where, isCut) => {
        const parts = letters.map(encodeLetter);
        const bytes = Buffer.concat(parts);
        expect(lettersIn(bytes)).toEqual(letters);
        const at = where % bytes.length;
        const damaged = isCut ? bytes.subarray(0, at) : Buffer.from(bytes);
        if (!isCut) damaged[at]! ^= 0x55;
        let end = 0;
        const whole = letters.filter((_, index) => {
          const begin = end;
          end += parts[index]!.length;
          return isCut ? end <= at : at < begin || at >= end;
        });
        expect(lettersIn(damaged)).toEqual(whole);
      },
    ),
  );
});

test('letters are stored in private files, and survive a restart', async () => {
  const directory = join(folder(), 'a', 'b');
  for (const index of [1, 2]) {
    const box = new DeadLetterBox(directory, 1_000_000);
    await box.append([letter(index)]);
    await box.close();
  }
  expect(await indexes(directory)).toEqual([1, 2]);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
});

test('at the limit the oldest are dropped and counted', async () => {
  const box = new DeadLetterBox(folder(), 16_384);
  let dropped = { letters: 0, records: 0 };
  for (let index = 1; index <= 100; index += 1) {
    const { letters, records } = await box.append([letter(index, 500)]);
    dropped = { letters: dropped.letters + letters, records: dropped.records + records };
  }
  await box.close();
  const left = await indexes();
  const bytes = readdirSync(folder()).reduce((sum, name) => sum + statSync(join(folder(), name)).size, 0);
  expect(bytes).toBeLessThanOrEqual(16_384);
  expect(left).toEqual(Array.from({ length: left.length }, (_, at) => 101 - left.length + at));
  expect(left.length).toBeGreaterThan(10);
  expect(dropped).toEqual({ letters: 100 - left.length, records: 3 * (100 - left.length) });
});

test('a file that is removed while its size is read does not make the newest letter fail', async () => {
  const first = new DeadLetterBox(folder(), 16_384);
  await first.append([letter(1)]);
  await first.close();
  const { stat } = jest.requireActual<typeof fsPromises>('node:fs/promises');
  const spy = jest.spyOn(fsPromises, 'stat').mockImplementationOnce((async (path: string) => {
    rmSync(path);
    return await stat(path);
  }) as never);
  const box = new DeadLetterBox(folder(), 16_384);
  await expect(box.append([letter(2)])).resolves.toEqual({ letters: 0, records: 0 });
  expect(spy).toHaveBeenCalled();
  spy.mockRestore();
  await box.close();
  expect(await indexes()).toEqual([2]);
});

test('a letter over the total limit is dropped alone', async () => {
  const box = new DeadLetterBox(folder(), 4_096);
  expect(await box.append([letter(1, 10), letter(2, 8_000), letter(3, 10)])).toEqual({
    letters: 1,
    records: 3,
  });
  await box.close();
  expect(await indexes()).toEqual([1, 3]);
});

test('a replay passes on every letter, oldest first, and leaves none', async () => {
  const box = new DeadLetterBox(folder(), 1_000_000);
  for (let index = 1; index <= 50; index += 1) await box.append([letter(index, 10_000)]);
  await box.close();
  const taken: number[] = [];
  const replayed = await replayDeadLetters(folder(), async (letters) => {
    taken.push(...letters.map(({ index }) => index));
  });
  expect(taken).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
  expect(replayed).toEqual({ letters: 50, records: 150, damagedBytes: 0 });
  expect(await indexes()).toEqual([]);
});

test('an interrupted replay loses nothing: remaining letters are kept, and at most one file is repeated', async () => {
  const box = new DeadLetterBox(folder(), 400_000);
  for (let index = 1; index <= 30; index += 1) await box.append([letter(index, 10_000)]);
  await box.close();
  const taken: number[] = [];
  await expect(
    replayDeadLetters(
      folder(),
      async (letters) => {
        if (taken.length >= 17) throw new Error('killed');
        taken.push(...letters.map(({ index }) => index));
      },
      1,
    ),
  ).rejects.toThrow('killed');
  const left = await indexes();
  expect(new Set([...taken, ...left]).size).toBe(30);
  expect(taken.filter((index) => left.includes(index)).length).toBeLessThanOrEqual(5);
});

test('two letters with the same index are never passed on together', async () => {
  const box = new DeadLetterBox(folder(), 1_000_000);
  await box.append([letter(1), letter(2), letter(1)]);
  await box.close();
  const batches: number[][] = [];
  await replayDeadLetters(folder(), async (letters) => {
    batches.push(letters.map(({ index }) => index));
  });
  expect(batches).toEqual([[1, 2], [1]]);
});

test('other files in the folder are ignored', async () => {
  writeFileSync(join(folder(), 'README'), 'mine');
  const box = new DeadLetterBox(folder(), 4_096);
  for (let index = 1; index <= 20; index += 1) await box.append([letter(index, 1_000)]);
  await box.close();
  await replayDeadLetters(folder(), async () => {});
  expect(readFileSync(join(folder(), 'README'), 'utf8')).toBe('mine');
  expect(await indexes(join(folder(), 'not', 'there'))).toEqual([]);
});

test('a damaged byte loses one letter; a replay passes on the others, and renames the file', async () => {
  const box = new DeadLetterBox(folder(), 1_000_000);
  await box.append([1, 2, 3, 4].map((index) => letter(index)));
  await box.close();
  const [name] = readdirSync(folder());
  const path = join(folder(), name!);
  const bytes = readFileSync(path);
  bytes[bytes.indexOf('"index":2')]! ^= 1;
  writeFileSync(path, bytes);
  expect(await indexes()).toEqual([1, 3, 4]);

  const taken: number[] = [];
  const take = async (letters: readonly DeadLetter[]) =>
    void taken.push(...letters.map(({ index }) => index));
  const replayed = await replayDeadLetters(folder(), take);
  expect(replayed).toMatchObject({ letters: 3 });
  expect(replayed.damagedBytes).toBeGreaterThan(100);
  expect(taken).toEqual([1, 3, 4]);
  expect(readdirSync(folder())).toEqual([`${name}.damaged`]);
  expect(readFileSync(`${path}.damaged`)).toEqual(bytes);

  // It is not replayed again, its number is not reused, and it is removed when room is needed.
  expect(await replayDeadLetters(folder(), take)).toEqual({ letters: 0, records: 0, damagedBytes: 0 });
  const small = new DeadLetterBox(folder(), 2_000);
  await small.append([letter(5)]);
  expect(readdirSync(folder())).toHaveLength(2);
  for (let index = 6; index < 30; index += 1) await small.append([letter(index)]);
  await small.close();
  expect(readdirSync(folder()).some((each) => each.endsWith('.damaged'))).toBe(false);
});
