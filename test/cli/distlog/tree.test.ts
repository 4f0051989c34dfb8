import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { program } from '../../../src/cli/distlog/program.ts';
import { processIo } from '../../../src/cli/io.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { otlpLine } from '../../tree/otlp-lines.ts';
import { failedCheckout, record, TaskStory, TRACE } from '../../tree/story.ts';

const built = join(__dirname, '../../../dist/esm/cli/distlog.js');

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the built program, as a shell does. */
function started(args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [built, ...args]);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, out: String(Buffer.concat(out)), err: String(Buffer.concat(err)) }),
    );
    child.stdin.end(input);
  });
}

/** Runs it in this process, with replaced streams; one at a time. */
async function distlog(args: readonly string[], input: string | Uint8Array = '', env = {}): Promise<Ran> {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof texts) =>
    new PassThrough().on('data', (chunk) => {
      texts[name] += chunk;
    });
  const [stdout, stderr] = [stream('stdout'), stream('stderr')];
  const stdin = Readable.from(input.length === 0 ? [] : [Buffer.from(input)], { objectMode: false });
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });
  const own = { stdout, stderr, env } as unknown as Parameters<typeof processIo>[1];
  const io = Object.defineProperty(processIo('', own), 'hasInput', { value: true });
  const code = await runProgram(program, args, io);
  for (const each of [stdout, stderr]) await finished(each.end());
  return { code, out: texts.stdout, err: texts.stderr };
}

const checkout = `${failedCheckout()
  .map((each) => otlpLine(each))
  .reverse()
  .join('\n')}\n`;
const folder = mkdtempSync(join(tmpdir(), 'distlog-'));
const file = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
afterAll(() => rmSync(folder, { recursive: true }));

test('records from standard input are shown as trees', async () => {
  const { code, out, err } = await started(['tree'], checkout);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^✘ checkout {2}1\.24 s {2}· shop {2}user=leo\n/);
  expect(out).toContain('│ failed: checkout › reserve stock › ask warehouse\n');
  expect(out).toContain('… send invoice  no end seen  · mail\n');
});

test('files, compressed files, standard input and directories are read together', async () => {
  const lines = checkout.trimEnd().split('\n');
  const plainFile = file('one.jsonl', lines.slice(0, 5).join('\n'));
  const compressed = file('two.jsonl.gz', gzipSync(lines.slice(5, 10).join('\n')));
  mkdirSync(join(folder, 'more'));
  file('more/three.json', lines.slice(10, 15).join('\n'));
  file('more/four.json.gz', gzipSync(lines.slice(15, 20).join('\n')));
  file('more/notes.txt', 'not read');
  const { code, out } = await distlog(
    ['tree', plainFile, compressed, join(folder, 'more'), '-'],
    lines.slice(20).join('\r\n'),
  );
  expect(code).toBe(0);
  expect(out).toBe((await distlog(['tree'], checkout)).out);
});

test('--trace shows one trace, by the beginning of its id', async () => {
  const { out } = await distlog(['tree', '--trace', '5CF9'], checkout);
  expect(out).toMatch(/^… send invoice/);
  expect(out).not.toContain('✘ checkout');
  const none = await distlog(['tree', '--trace', 'abc'], checkout);
  expect(none).toEqual({ code: 65, out: '', err: 'distlog: no record of trace abc\n' });
});

test('--failed shows only trees with a failure', async () => {
  const { out } = await distlog(['tree', '--failed'], checkout);
  expect(out).toContain('✘ checkout');
  expect(out).not.toContain('connecting to smtp');
  const fine = otlpLine(...new TaskStory('a000000000000001', 'fine').start(0).succeed(1, 1).records);
  expect(await distlog(['tree', '--failed'], fine)).toEqual({
    code: 0,
    out: '',
    err: 'distlog: nothing failed\n',
  });
});

test('--unfold, --ascii and --width reach the lines', async () => {
  expect((await distlog(['tree', '--unfold', 'none'], checkout)).out.split('\n')).toHaveLength(11);
  const { out } = await distlog(['tree', '--unfold', 'all', '--ascii', '--width', '40'], checkout);
  expect(out).toMatch(/^[\n -~]*$/);
  expect(Math.max(...out.split('\n').map(({ length }) => length))).toBe(40);
});

test('colors come always, never, or by themselves on a terminal only', async () => {
  const begin = '\u001b[';
  expect((await distlog(['tree', '--color', 'always'], checkout, { NO_COLOR: '1' })).out).toContain(begin);
  expect((await distlog(['tree', '--color', 'never'], checkout)).out).not.toContain(begin);
  expect((await distlog(['tree'], checkout)).out).not.toContain(begin);
});

test('--json gives an object a line, a parent before its children', async () => {
  const { out } = await distlog(['tree', '--json'], checkout);
  const rows = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows).toHaveLength(9);
  expect(rows[0]).toMatchObject({
    kind: 'task',
    name: 'checkout',
    outcome: 'failed',
    depth: 0,
    traceId: TRACE,
  });
  expect(rows.find(({ name }) => name === 'ask warehouse')).toMatchObject({
    depth: 3,
    durationSeconds: 0.412,
    missing: 3,
    records: 4,
    data: { sku: 42 },
    error: { type: 'TypeError' },
  });
  expect(rows.find(({ kind }) => kind === 'absent')).toMatchObject({ id: 'b00000000000000f', depth: 1 });
  const full = await distlog(['tree', '--json', '--unfold', 'all', '--trace', '5cf9'], checkout);
  expect(JSON.parse(full.out).records).toMatchObject([
    { body: 'send invoice' },
    { body: 'connecting to smtp' },
  ]);
});

test('lines that cannot be read are reported with their numbers, the others are shown', async () => {
  const input = ['{"broken', checkout.trimEnd(), '', '[]', '{"resourceSpans":[]}', '{"level":30}'].join('\n');
  const { code, out, err } = await distlog(['tree'], input);
  expect(code).toBe(0);
  expect(out).toContain('✘ checkout');
  const last = checkout.split('\n').length;
  expect(err).toMatch(
    /^distlog: standard input: 2 lines could not be read: line 1 \(invalid JSON: Unterminated/,
  );
  expect(err).toContain(`, line ${last + 4} (JSON without resourceLogs)\n`);
});

test('duplicates are dropped and counted', async () => {
  const { out, err } = await distlog(['tree'], checkout + checkout);
  expect(out).toBe((await distlog(['tree'], checkout)).out);
  expect(err).toBe('distlog: 24 duplicate records dropped\n');
});

test('a compressed file that ends too early is shown as far as it goes', async () => {
  const whole = gzipSync(checkout.repeat(40));
  const { code, out, err } = await distlog([
    'tree',
    file('cut.jsonl.gz', whole.subarray(0, whole.length - 12)),
  ]);
  expect(code).toBe(0);
  expect(out).toContain('✘ checkout');
  expect(err).toContain('cut.jsonl.gz: unexpected end of file; the records before the error are shown');
});

test('escape sequences in records, file names and arguments do not reach the terminal', async () => {
  const sign = String.fromCharCode(27);
  const evil = `${sign}]52;c;AAAA\u0007\u009b2J`;
  const input = otlpLine(record({ body: evil, severity: 17, attributes: { [evil]: evil } }));
  for (const [args, given] of [
    [['tree', '--unfold', 'all'], input],
    [['tree', '--json', '--unfold', 'all'], input],
    [['tree', evil]],
    [['tree', '--trace', evil]],
    [[evil]],
  ] as const) {
    const { out, err } = await distlog(args, given);
    expect(out + err).not.toMatch(/(?!\n)\p{Cc}/u);
  }
});

test.each([
  [
    [],
    'distlog: expected a command: tail, find, tree, tasks, bursts, box, doctor, mcp, completion; see distlog --help\n',
  ],
  [
    ['tre'],
    'distlog: unknown command "tre"; did you mean tree? Expected one of tail, find, tree, tasks, bursts, box, doctor, mcp, completion; see distlog --help\n',
  ],
  [
    ['tree', '--unfold', 'some'],
    'distlog tree: --unfold must be one of failing, all, none; got "some"; see distlog tree --help\n',
  ],
  [
    ['tree', '--color', 'red'],
    'distlog tree: --color must be one of auto, always, never; got "red"; see distlog tree --help\n',
  ],
  [
    ['tree', '--color'],
    'distlog tree: --color needs a value: auto, always, never; see distlog tree --help\n',
  ],
  [
    ['tree', '--width', '3'],
    'distlog tree: --width must be a whole number from 20; got "3"; see distlog tree --help\n',
  ],
  [
    ['tree', '--trace', 'xyz'],
    'distlog tree: --trace must be 1 to 32 hex digits; got "xyz"; see distlog tree --help\n',
  ],
])('wrong arguments end with 64: %j', async (args, err) => {
  expect(await distlog(args)).toEqual({ code: 64, out: '', err });
});

test('an unknown option ends with 64 and a suggestion', async () => {
  const { code, err } = await distlog(['tree', '--colour', 'never']);
  expect(code).toBe(64);
  expect(err).toContain(
    'distlog tree: unknown option --colour; did you mean --color? Expected one of --trace, ',
  );
});

test('--version prints the version', async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8'));
  expect(await started(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test('a file that is not there ends with 66, before anything is shown', async () => {
  expect(await distlog(['tree', '/no/such/file', '-'], checkout)).toEqual({
    code: 66,
    out: '',
    err: 'distlog tree: /no/such/file: no such file\n',
  });
});

test.each([
  ['nothing', ''],
  ['no records', '{"resourceLogs":[]}\n'],
  ['something else', 'hello\n'],
])('input with %s ends with 65', async (_, input) => {
  const { code, out, err } = await distlog(['tree'], input);
  expect({ code, out }).toEqual({ code: 65, out: '' });
  expect(err).toMatch(/distlog: no readable record\n$/);
});

test('--help lists the commands, and each has a page of its own', async () => {
  const { code, out } = await distlog(['--help']);
  expect(code).toBe(0);
  expect(out).toMatch(/^ {2}tree +shows log records as trees of tasks/m);
  for (const args of [
    ['tree', '-h'],
    ['help', 'tree'],
  ]) {
    const page = await distlog(args);
    expect(page.code).toBe(0);
    expect(page.out).toContain('usage: distlog tree [TRACE] [FILE...] [OPTION...]');
    expect(page.out).toContain('--unfold WHICH');
  }
});

test('a reader that closes after the first lines is no failure', async () => {
  const many = Array.from({ length: 20_000 }, (_, at) =>
    otlpLine(record({ at, body: `error ${at} ${'x'.repeat(100)}`, severity: 17 })),
  ).join('\n');
  const path = file('many.jsonl', many);
  const child = spawn(process.execPath, [built, 'tree', path]);
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, err }).toEqual({ code: 0, err: '' });
});
