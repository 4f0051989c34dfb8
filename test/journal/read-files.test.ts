import type { Files, OpenFile } from '../../src/journal/index.ts';
import { ReadFiles } from '../../src/journal/read-files.ts';

/** Files that only count opening and closing. */
function counted() {
  const open: string[] = [];
  const closed: string[] = [];
  const files = {
    openToRead: async (path: string) => {
      open.push(path);
      const close = async () => {
        closed.push(path);
      };
      return { close } as unknown as OpenFile;
    },
  } as unknown as Files;
  return { open, closed, files: new ReadFiles(files) };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a file that is read again stays open, and concurrent readers share it', async () => {
  const { files, open, closed } = counted();
  await Promise.all([files.with('a', async () => {}), files.with('a', async () => {})]);
  await files.with('a', async () => {});
  await turn();
  expect([open, closed]).toEqual([['a'], []]);
});

test('eight idle files stay open, those that were read last', async () => {
  const { files, open, closed } = counted();
  const names = Array.from({ length: 40 }, (_, each) => `file ${each}`);
  for (const name of names) await files.with(name, async () => {});
  await turn();
  expect(open).toEqual(names);
  expect(closed).toEqual(names.slice(0, 32));
});

test('a file is closed after a failed read, and opened again by the next reader', async () => {
  const { files, open, closed } = counted();
  const broken = new Error('broken');
  await expect(files.with('a', () => Promise.reject(broken))).rejects.toBe(broken);
  await turn();
  expect(closed).toEqual(['a']);
  await files.with('a', async () => {});
  expect(open).toEqual(['a', 'a']);
});

test('a file that is dropped while it is read is closed after that', async () => {
  const { files, closed } = counted();
  await files.with('a', async () => {
    files.forget('a');
    await turn();
    expect(closed).toEqual([]);
  });
  await turn();
  expect(closed).toEqual(['a']);
});

test('if a file is dropped and opened again while the first one is read, each is closed once', async () => {
  const { files, open, closed } = counted();
  let end = () => {};
  const reading = files.with('a', () => new Promise<void>((resolve) => (end = resolve)));
  await turn();
  files.forget('a');
  await files.with('a', async () => {});
  end();
  await reading;
  await turn();
  expect([open, closed]).toEqual([['a', 'a'], ['a']]);
  // The second file is still open for the next reader.
  await files.with('a', async () => {});
  expect(open).toHaveLength(2);
  files.close();
  await turn();
  expect(closed).toEqual(['a', 'a']);
});

test('close() closes all files, once', async () => {
  const { files, open, closed } = counted();
  for (const name of ['a', 'b']) await files.with(name, async () => {});
  files.close();
  files.close();
  await turn();
  expect(closed).toEqual(open);
});
