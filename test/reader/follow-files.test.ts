import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import fsPromises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followFiles } from '../../src/reader/follow-files.ts';
import { type Found, isNotice } from '../../src/reader/index.ts';
import { bodyText } from '../../src/text/index.ts';
import { otlpLine } from '../tree/otlp-lines.ts';
import { record } from '../tree/story.ts';

let folder: string;
let abort: AbortController;
let found: AsyncGenerator<Found> | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'follow-'));
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  await found?.return(undefined);
  rmSync(folder, { recursive: true, force: true });
});

const line = (body: string) => `${otlpLine(record({ body }))}\n`;

/** The items found, one after another, as text. */
function following(paths: readonly string[], isFromBeginning = true) {
  const all = followFiles(paths, { isFromBeginning, everyMillis: 2 }, abort.signal);
  found = all;
  const shown: string[] = [];
  return async (count: number) => {
    while (shown.length < count) {
      const { value, done } = (await all.next()) as IteratorResult<Found, undefined>;
      if (done) throw new Error('it has ended');
      if (!isNotice(value)) shown.push(...value.records.map(bodyText));
      else shown.push(value.notice === 'problem' ? value.message : value.notice);
    }
    return shown.splice(0, count);
  };
}

test('appended records are shown once; a line in parts is shown when it is complete, also within a character', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, line('old'));
  const next = following([file]);
  expect(await next(1)).toEqual(['old']);
  const bytes = Buffer.from(line('zürich'));
  const cut = bytes.indexOf(0xc3) + 1;
  appendFileSync(file, bytes.subarray(0, cut));
  appendFileSync(file, Buffer.concat([bytes.subarray(cut), Buffer.from(line('b')), bytes.subarray(0, 10)]));
  expect(await next(2)).toEqual(['zürich', 'b']);
  appendFileSync(file, bytes.subarray(10));
  expect(await next(1)).toEqual(['zürich']);
});

test('without the beginning only later records are shown, but new files completely', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, line('before'));
  const next = following([folder], false);
  const first = next(1);
  let isShown = false;
  first.then(() => {
    isShown = true;
  });
  let files = 0;
  // Files that exist at the first poll are not new.
  for (; !isShown; files += 1) {
    writeFileSync(join(folder, `new-${files}.jsonl`), line('in a new file'));
    // Not in each turn: each look reads every file, and the files must not come faster than the looks.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await first).toEqual(['in a new file']);
  appendFileSync(file, line('after'));
  const shown: unknown[] = [];
  while (shown.at(-1) !== 'after') shown.push(...(await next(1)));
  expect(shown).not.toContain('before');
  expect(shown.length).toBeLessThanOrEqual(files);
});

test('a file that is renamed is read to its end, also its last line, and the new one from its beginning', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, line('a'));
  const next = following([folder]);
  expect(await next(1)).toEqual(['a']);
  appendFileSync(file, `${line('b')}${line('c').trimEnd()}`);
  renameSync(file, `${file}.1`);
  writeFileSync(file, line('d'));
  expect(await next(3)).toEqual(['b', 'c', 'd']);
});

test('a truncated file is read again from the beginning; an incomplete line before that is discarded', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, `${line('a')}${line('b')}{"resourceLogs":`);
  const next = following([file]);
  expect(await next(2)).toEqual(['a', 'b']);
  truncateSync(file);
  // The truncation is detected by the size, so it must be detected before the file is larger than before.
  appendFileSync(file, line('c'));
  expect(await next(1)).toEqual(['c']);
});

test('a file may be missing temporarily, and files with other names are ignored', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, line('a'));
  writeFileSync(join(folder, 'notes.txt'), line('no'));
  writeFileSync(join(folder, 'app.jsonl.1'), line('rotated'));
  mkdirSync(join(folder, 'other'));
  const next = following([folder]);
  expect(await next(1)).toEqual(['a']);
  rmSync(file);
  for (const body of ['one look', 'another']) {
    appendFileSync(join(folder, 'beside.jsonl'), line(body));
    expect(await next(1)).toEqual([body]);
  }
  writeFileSync(file, line('again'));
  expect(await next(1)).toEqual(['again']);
});

test('records still written to a renamed file in a directory are shown, also before there is a new file', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, line('a'));
  const next = following([folder]);
  expect(await next(1)).toEqual(['a']);
  // The poll of the file is complete.
  appendFileSync(join(folder, 'beside.jsonl'), line('one look'));
  expect(await next(1)).toEqual(['one look']);
  renameSync(file, `${file}.1`);
  appendFileSync(`${file}.1`, line('b'));
  expect(await next(1)).toEqual(['b']);
});

test('nothing is skipped of a file that replaces one moved during the first poll', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, line('old'));
  const { open } = jest.requireActual<typeof fsPromises>('node:fs/promises');
  const spy = jest.spyOn(fsPromises, 'open').mockImplementationOnce(async (...args) => {
    renameSync(file, `${file}.1`);
    const opening = open(...args);
    await opening.catch(() => {});
    writeFileSync(file, line('new'));
    return await opening;
  });
  const next = following([folder], false);
  expect(await next(1)).toEqual(['new']);
  spy.mockRestore();
});

test('a line that cannot be read is reported with the file, and the next one is shown', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, `no json\n${line('a')}`);
  expect(await following([file])(2)).toEqual([
    'a',
    expect.stringContaining(`${file}: a line could not be read`),
  ]);
});

test('the last line of a renamed file is reported if it cannot be read', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, line('a'));
  const next = following([file]);
  expect(await next(1)).toEqual(['a']);
  appendFileSync(file, '{"resourceLogs":[');
  renameSync(file, `${file}.1`);
  writeFileSync(file, line('b'));
  expect(await next(2)).toEqual([expect.stringContaining(`${file}: a line could not be read (`), 'b']);
});

test('many lines that cannot be read are counted, with the cause of the first', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, `${'no json\n'.repeat(4)}${line('a')}`);
  const next = following([file]);
  expect(await next(2)).toEqual(['a', expect.stringMatching(/: 4 lines could not be read \(.+\)$/)]);
  appendFileSync(file, `{"levelno":20}\n{"a":1}\n${line('b')}`);
  const python = "(a record of Python's logging, not OTLP/JSON)";
  expect(await next(2)).toEqual(['b', `${file}: 2 lines could not be read ${python}`]);
  appendFileSync(file, `{"a":1}\n${line('c')}`);
  expect(await next(2)).toEqual(['c', `${file}: a line could not be read`]);
});

test('a line that cannot be read is reported also after the file was truncated', async () => {
  const file = join(folder, 'app.jsonl');
  const problem = expect.stringContaining('a line could not be read (');
  writeFileSync(file, `no json\n${line('a')}${line('b')}`);
  const next = following([file]);
  expect(await next(3)).toEqual(['a', 'b', problem]);
  truncateSync(file);
  appendFileSync(file, `no json\n${line('c')}`);
  expect(await next(2)).toEqual(['c', problem]);
});

test('a directory that cannot be read is an error at once, and so is a path below a file', async () => {
  const file = join(folder, 'app.jsonl');
  writeFileSync(file, '');
  await expect(following([join(file, 'x')])(1)).rejects.toThrow(`${join(file, 'x')}: ENOTDIR`);
});

test('a missing path is an error at once', async () => {
  await expect(following([join(folder, 'none.jsonl')])(1)).rejects.toThrow('none.jsonl: no such file');
});
