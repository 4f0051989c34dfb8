import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';

const root = join(__dirname, '../../..');
const program = join(root, 'dist/esm/cli/distlog.js');
const records = join(root, 'examples/records.jsonl');
const pty = join(__dirname, '../support/on-terminal.py');
const hasPython = spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status === 0;
const onTerminals = hasPython ? test : test.skip;

const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env;
const plain = { ...inherited, TERM: 'xterm', LC_ALL: 'C.UTF-8', DISTLOG_PAGER: 'cat' };
const run = promisify(execFile);

/** The output of a command on a real terminal. */
async function shown(size: readonly [columns: number, rows: number], args: readonly string[], env = {}) {
  const command = [process.execPath, program, ...args];
  const { stdout } = await run('python3', [pty, ...size.map(String), ...command], {
    env: { ...plain, ...env },
  });
  return stdout;
}

async function piped(args: readonly string[], env = {}): Promise<string> {
  return (await run(process.execPath, [program, ...args], { env: { ...plain, ...env } })).stdout;
}

onTerminals(
  'on a terminal there are colours and a pager for what is long, in a pipe neither, NO_COLOR removes colours',
  async () => {
    // sed writes a mark before each line that comes through it.
    const paged = { DISTLOG_PAGER: 'sed s/^/paged:/' };
    const [colored, pipe, none, long, short, pipedLong] = await Promise.all([
      shown([100, 1_000], ['tree', records]),
      piped(['tree', records]),
      shown([100, 1_000], ['tree', records], { NO_COLOR: '1' }),
      shown([100, 10], ['tree', records], paged),
      shown([100, 1_000], ['tree', records], paged),
      piped(['tree', records], paged),
    ]);
    expect(colored).toContain('\x1b[');
    expect(none).toContain('charge card');
    for (const text of [pipe, none]) expect(text).not.toContain('\x1b');
    expect(stripVTControlCharacters(colored!)).toBe(none);
    expect(long!.split('\r\n').filter((line) => line.startsWith('paged:')).length).toBeGreaterThan(10);
    for (const text of [short, pipedLong]) expect(text).not.toContain('paged:');
  },
);

onTerminals('on a terminal of 20 columns no line of a tree is longer', async () => {
  const text = await shown([20, 1_000], ['tree', records]);
  const widths = stripVTControlCharacters(text)
    .split('\r\n')
    .map((line) => [...line].length);
  expect(widths.length).toBeGreaterThan(30);
  expect(Math.max(...widths)).toBeLessThanOrEqual(20);
});

test('a reader that ends early is no error', async () => {
  const command = `for i in $(seq 60); do cat "$2"; done | "$0" "$1" find '' - --limit 100000 | head -n 1; echo "\${PIPESTATUS[1]}"`;
  const { stdout, stderr } = await run('bash', ['-c', command, process.execPath, program, records], {
    env: plain,
  });
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe('0');
  expect(stderr).toBe('');
});
