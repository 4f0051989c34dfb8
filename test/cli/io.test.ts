import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { processIo } from '../../src/cli/io.ts';

/** A process whose streams are terminals or not. */
function streams(isTTY: boolean, env: NodeJS.ProcessEnv = {}) {
  const stdout = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns: 99 });
  const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY });
  return { stdout, stderr, env } as unknown as Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>;
}

test('an alarm is red on a terminal, unless NO_COLOR is set; elsewhere it is plain', () => {
  const printed = (given: ReturnType<typeof streams>) => {
    processIo('1', given).alarm('wrong');
    return given.stderr.read();
  };
  expect(printed(streams(true))).toBe('\u001b[31mwrong\u001b[0m\n');
  expect(printed(streams(true, { NO_COLOR: '1' }))).toBe('wrong\n');
  expect(printed(streams(false))).toBe('wrong\n');
});

test('what would change the terminal is escaped in everything that is printed, line breaks excepted', () => {
  const given = streams(true);
  const io = processIo('1', given);
  io.out('a\u001b[2J\nb\u202e');
  io.err('\u009b\r');
  expect([given.stdout.read(), given.stderr.read()]).toEqual(['a\\x1b[2J\nb\\u202e\n', '\\x9b\\r\n']);
});

test('a closed reader is no error, and ends the writing of lines', async () => {
  const given = streams(false);
  const io = processIo('1', given);
  let asked = 0;
  const endless = (function* () {
    for (;;) {
      asked += 1;
      yield 'x'.repeat(70_000);
    }
  })();
  const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  given.stdout.once('data', () => (given.stdout as unknown as PassThrough).destroy(gone));
  await io.lines(endless);
  expect(asked).toBeLessThan(5);
  expect(io.terminal).toBeUndefined();
  expect(processIo('1', streams(true)).terminal).toMatchObject({ columns: 99, color: true });
});

test.each([
  ['ENOSPC', 'no space left on device'],
  ['EPIPE', undefined],
])(
  'an output that fails with %s ends nothing, and what is missing is known at the end',
  async (code, message) => {
    const given = streams(false);
    const io = processIo('1', given);
    const failing = given.stdout as unknown as PassThrough;
    failing._transform = (_piece, _encoding, done) => {
      done(Object.assign(new Error('no space left on device'), { code }));
    };
    const closed = new Promise<void>((resolve) => io.onClosed(resolve));
    io.out('lost');
    await closed;
    await io.lines(['lost too']);
    expect((await io.outputError())?.message).toBe(message);
  },
);

const full = '/dev/full';
(existsSync(full) ? test : test.skip)('a program whose output is cut says so, with its exit code', () => {
  const program = join(__dirname, '../../dist/esm/cli/distlog.js');
  const descriptor = openSync(full, 'w');
  const { status, stderr } = spawnSync(process.execPath, [program, '--help'], {
    stdio: ['ignore', descriptor, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(descriptor);
  expect([status, stderr]).toEqual([
    74,
    'distlog: the output is incomplete: ENOSPC: no space left on device, write\n',
  ]);
});
