import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let room: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'burstlog-run-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(room, { recursive: true, force: true });
});

const config = (more: string) => `receivers: { zmqAck: }\nsinks: { a: { type: console } }\n${more}\n`;

/** A real process and its output so far. */
class Program {
  readonly child: ChildProcess;
  readonly exit: Promise<unknown[]>;
  said = '';
  #onOutput: () => void = () => {};

  constructor(environment: Record<string, string> = {}) {
    const file = join(room, 'distlogd.yaml');
    const program = join(__dirname, 'programs/run-distlogd.js');
    this.child = spawn(process.execPath, [program, 'run', '-c', file], {
      env: { ...process.env, ...environment },
    });
    children.push(this.child);
    this.exit = once(this.child, 'close');
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (piece) => {
        this.said += String(piece);
        this.#onOutput();
      });
    }
  }

  async says(text: string): Promise<void> {
    while (!this.said.includes(text)) {
      await new Promise<void>((heard) => {
        this.#onOutput = heard;
      });
    }
  }
}

test('SIGTERM stops the daemon, and the program exits with 0', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), config(''));
  const program = new Program();
  await program.says('ready');
  program.child.kill('SIGTERM');
  expect(await program.exit).toEqual([0, null]);
  expect(program.said).toContain('stopping');
});

test('signals that come while the daemon starts are served when it is ready', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), config('journal: { maxBytes: 1GiB }'));
  const program = new Program({ SLOW_START: '1' });
  await program.says('starting');
  program.child.kill('SIGHUP');
  program.child.stdin!.write('go on\n');
  await program.says('reloaded 1073741824');
  program.child.kill('SIGTERM');
  expect(await program.exit).toEqual([0, null]);
  const other = new Program({ SLOW_START: '1' });
  await other.says('starting');
  other.child.kill('SIGTERM');
  other.child.stdin!.write('go on\n');
  expect(await other.exit).toEqual([0, null]);
  expect(other.said).toContain('stopping');
});

test('a second signal ends a daemon that does not stop', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), config(''));
  const program = new Program({ SLOW: '1' });
  await program.says('ready');
  program.child.kill('SIGINT');
  await program.says('stopping');
  program.child.kill('SIGTERM');
  expect(await program.exit).toEqual([1, null]);
});

test('SIGHUP reloads the configuration; an invalid or rejected one leaves the previous one active', async () => {
  const file = join(room, 'distlogd.yaml');
  writeFileSync(file, config(''));
  const program = new Program();
  await program.says('ready');
  writeFileSync(file, config('journal: { maxBytes: 1GiB }'));
  program.child.kill('SIGHUP');
  await program.says('configuration reloaded');
  await program.says('reloaded 1073741824');
  writeFileSync(file, config('journal: { maxBytes: 1 }'));
  program.child.kill('SIGHUP');
  await program.says('the new configuration is invalid; the previous configuration stays active');
  expect(program.said).toContain('distlogd.yaml:3:22: journal.maxBytes: must be a size');
  writeFileSync(file, 'receivers: { zmqAck: }\nsinks: { a: { type: console }, b: { type: console } }');
  program.child.kill('SIGHUP');
  await program.says('one sink only; the previous configuration stays active');
  program.child.kill('SIGTERM');
  expect(await program.exit).toEqual([0, null]);
});

test('a wrong configuration starts nothing', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), 'x: 1');
  const program = new Program();
  expect(await program.exit).toEqual([78, null]);
  expect(program.said).not.toContain('ready');
});

test.each([
  ['in_use', 73],
  ['newer', 73],
  ['EADDRINUSE', 1],
])('a daemon that cannot start because of %s ends with %d', async (code, expected) => {
  writeFileSync(join(room, 'distlogd.yaml'), config(''));
  const program = new Program({ REFUSE: code });
  expect(await program.exit).toEqual([expected, null]);
  expect(program.said).toBe('distlogd: the data directory /x is in use by process 5; not started\n');
});
