import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { CursorFile, cursorFileOf, RemovedSinks, sinksWithCursor } from '../../src/sinks/runner/index.ts';
import { folderForEachTest } from './support/folder.ts';
import { listener } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';

const folder = folderForEachTest();

async function stored(path: string) {
  const file = new CursorFile(path);
  try {
    return await file.open();
  } finally {
    await file.close();
  }
}

async function store(path: string, ...positions: number[]) {
  const file = new CursorFile(path);
  await file.open();
  for (const position of positions) await file.store({ journal: 'ab', position, state: { position } });
  await file.close();
}

test('a cursor is read as it was stored, with its state, from a private file', async () => {
  const path = join(folder(), 'deep', 'er', 'sink.cursor');

  expect(await stored(path)).toEqual({ cursor: undefined, damaged: false });
  await store(path, 5, 6, 7);

  expect(await stored(path)).toEqual({
    cursor: { journal: 'ab', position: 7, state: { position: 7 } },
    damaged: false,
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder(), 'deep')).mode & 0o777).toBe(0o700);
});

test('a torn write leaves the previous cursor, wherever it was torn', async () => {
  const path = join(folder(), 'sink.cursor');
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.nat(120), fc.nat(255), async (count, at, byte) => {
      writeFileSync(path, '');
      await store(path, ...Array.from({ length: count }, (_, index) => index + 1));
      const before = readFileSync(path);
      await store(path, count + 1);
      const after = readFileSync(path);
      // The new slot as far as it was written, then the old content, and one changed byte.
      const slot = ((count + 1) % 2) * 8_192;
      const torn = Buffer.concat([after.subarray(0, slot + at), before.subarray(slot + at)]);
      torn.writeUInt8(byte, slot + at);
      writeFileSync(path, torn);

      const { cursor } = await stored(path);

      const length = 24 + after.readUInt32BE(slot + 16);
      const isWhole = torn.subarray(slot, slot + length).equals(after.subarray(slot, slot + length));
      expect(cursor?.position).toBe(isWhole ? count + 1 : count);
    }),
    { numRuns: 60 },
  );
});

test('a file of zeros or half a file is an empty cursor; garbage is logged', async () => {
  const path = join(folder(), 'sink.cursor');
  await store(path, 3);
  truncateSync(path, 0);
  expect(await stored(path)).toEqual({ cursor: undefined, damaged: false });
  writeFileSync(path, Buffer.alloc(16_384, 7));
  expect(await stored(path)).toEqual({ cursor: undefined, damaged: true });
});

test('a cursor of a newer version is refused and not changed', async () => {
  const path = join(folder(), 'sink.cursor');
  await store(path, 3);
  const bytes = readFileSync(path);
  // The crc-32 covers the version.
  bytes.write('BLC9', 8_192);
  const end = 8_192 + 24 + bytes.readUInt32BE(8_192 + 16);
  bytes.writeUInt32BE(crc32(bytes.subarray(8_200, end), crc32(bytes.subarray(8_192, 8_196))), 8_196);
  writeFileSync(path, bytes);

  await expect(stored(path)).rejects.toThrow(/another version \(9\)/);
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test('other files beside cursors are ignored, and the backlog of a removed sink is kept', async () => {
  const journal = new MemoryJournal();
  const id = Buffer.from(journal.id).toString('hex');
  for (let count = 0; count < 10; count += 1) journal.add(Buffer.alloc(100), 2);
  for (const [name, position] of [
    ['here', 1],
    ['a sink', 4],
    ['behind', 11],
  ] as const) {
    const file = new CursorFile(cursorFileOf(folder(), name));
    await file.open();
    await file.store({ journal: id, position, state: undefined });
    await file.close();
  }
  for (const name of ['100%.cursor', '%zz.cursor', 'not encoded.cursor', 'here.cursor.old']) {
    writeFileSync(join(folder(), name), 'of somebody else');
  }
  expect((await sinksWithCursor(folder())).toSorted()).toEqual(['a sink', 'behind', 'here']);
  const removed = new RemovedSinks({ journal, directory: folder(), maxBytes: 700, log: listener() });
  await removed.take(new Set(['here']));
  expect(removed.stats()).toMatchObject([
    { name: 'a sink', behind: { batches: 7, records: 14, bytes: 700 } },
  ]);
  expect(removed.position).toBe(4);
  // Later entries do not belong to its backlog.
  journal.add(Buffer.alloc(100));
  await removed.check();
  expect(removed.position).toBe(4);
  const strict = new RemovedSinks({ journal, directory: folder(), maxBytes: 699, log: listener() });
  await strict.take(new Set(['here']));
  await strict.check();
  expect(strict.position).toBe(Number.POSITIVE_INFINITY);
  expect(strict.stats()).toMatchObject([
    { name: 'a sink', dropped: { released: { batches: 7, records: 14 } } },
  ]);
  expect((await sinksWithCursor(folder())).toSorted()).toEqual(['behind', 'here']);
});

test('a backlog that somebody releases at the moment when it exceeds its bound is released once', async () => {
  const journal = new MemoryJournal();
  for (let count = 0; count < 10; count += 1) journal.add(Buffer.alloc(100), 2);
  const path = cursorFileOf(folder(), 'gone');
  const file = new CursorFile(path);
  await file.open();
  await file.store({ journal: Buffer.from(journal.id).toString('hex'), position: 1, state: undefined });
  await file.close();
  const removed = new RemovedSinks({ journal, directory: folder(), maxBytes: 1, log: listener() });
  await removed.take(new Set());
  const { readdir } = jest.requireActual<typeof fsPromises>('node:fs/promises');
  const spy = jest.spyOn(fsPromises, 'readdir').mockImplementationOnce((async (directory: string) => {
    const names = await readdir(directory);
    rmSync(path);
    return names;
  }) as never);
  await removed.check();
  spy.mockRestore();
  expect(removed.stats()).toMatchObject([{ name: 'gone', dropped: { released: { batches: 10 } } }]);
});
