import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { writePages } from '../../src/cli/pager.ts';

const folder = mkdtempSync(join(tmpdir(), 'distlog-pager-'));
afterAll(() => rmSync(folder, { recursive: true }));
const keeper = join(folder, 'keep.js');
writeFileSync(keeper, "process.stdin.pipe(require('fs').createWriteStream(process.argv[2]));");
const short = ['one', 'two'];
const long = Array.from({ length: 5_000 }, (_, at) => `line ${at}`);

/** A terminal of ten rows that keeps what is written to it. */
function terminal(isTTY = true) {
  const written: string[] = [];
  const out = new Writable({
    write: (chunk, _encoding, done) => {
      written.push(String(chunk));
      done();
    },
  });
  return { written, out: Object.assign(out, { isTTY, rows: 10 }) as unknown as NodeJS.WriteStream };
}

const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;

test('long output goes to the pager of the environment, short output does not', async () => {
  const file = join(folder, 'paged');
  const environment = { DISTLOG_PAGER: `${process.execPath} ${keeper} ${file}`, PAGER: 'nobody' };
  const { out, written } = terminal();
  await writePages(out, long, environment);
  expect(readFileSync(file, 'utf8')).toBe(text(long));
  expect(written).toEqual([]);
  await writePages(out, short, environment);
  expect(written.join('')).toBe(text(short));
});

test.each([
  ['a pager that is not there', true, 'no-such-pager'],
  ['no pager', true, ''],
  ['cat', true, ' cat '],
  ['a file or a pipe', false, 'no-such-pager'],
])('with %s all is written as it is', async (_name, isTTY, PAGER) => {
  const { out, written } = terminal(isTTY);
  await writePages(out, long, { PAGER });
  expect(written.join('')).toBe(text(long));
});

test('a pager that ends early ends the output', async () => {
  const { out, written } = terminal();
  const quits = join(folder, 'quit.js');
  writeFileSync(quits, 'process.exit(0)');
  function* endless() {
    for (let at = 0; ; at += 1) yield `line ${at} ${'x'.repeat(100)}`;
  }
  await writePages(out, endless(), { PAGER: `${process.execPath} ${quits}` });
  expect(written).toEqual([]);
});
