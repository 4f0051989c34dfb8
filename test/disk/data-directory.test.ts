import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { openDataDirectory } from '../../src/disk/index.ts';

/** The directories that were synced, each with its content at that time. */
const mockSynced: [string, string[]][] = [];
jest.mock('../../src/disk/sync-directory.ts', () => ({
  syncDirectory: async (path: string) => {
    await jest.requireActual('../../src/disk/sync-directory.ts').syncDirectory(path);
    mockSynced.push([path, readdirSync(path).filter((name) => !name.includes('lock'))]);
  },
}));

let room: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'burstlog-data-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) await killed(child);
  rmSync(room, { recursive: true, force: true });
});

const code = (expected: string) => expect.objectContaining({ code: expected });

interface Holder {
  readonly child: ChildProcess;
  /** `held`, or the error. */
  readonly said: string;
}

/** Starts a process that opens the directory, and waits for its output. */
async function holder(path: string): Promise<Holder> {
  const child = spawn(process.execPath, [join(__dirname, 'programs/hold-data-directory.js'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [said] = await once(child.stdout!, 'data');
  return { child, said: String(said).trim() };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('a new data directory is private and contains only its version file', async () => {
  const path = join(room, 'deep/down/data');
  const directory = await openDataDirectory(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(path, 'version')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(path, 'version'), 'utf8')).toBe('1\n');
  expect(directory.layout.journal).toBe(join(path, 'journal'));
  await directory.close();
  await directory.close();
  expect(readdirSync(path)).toEqual(['version']);
});

test('opening a new data directory syncs every new name; an existing one is not synced again', async () => {
  mockSynced.length = 0;
  const path = join(room, 'deep/data');
  await (await openDataDirectory(path)).close();
  const made: [string, string[]][] = [
    [room, ['deep']],
    [join(room, 'deep'), ['data']],
    [path, ['version']],
  ];
  expect(mockSynced).toEqual(made);
  await (await openDataDirectory(path)).close();
  expect(mockSynced).toEqual(made);
});

test('a data directory that others could read is made private when it is opened', async () => {
  await (await openDataDirectory(room)).close();
  chmodSync(room, 0o755);
  await (await openDataDirectory(room)).close();
  expect(statSync(room).mode & 0o777).toBe(0o700);
});

test('a second daemon in the same process is refused until the first has closed', async () => {
  const first = await openDataDirectory(room);
  await expect(openDataDirectory(room)).rejects.toThrow(
    `the data directory ${room} is in use by process ${process.pid}; only one distlogd may use it`,
  );
  await first.close();
  await (await openDataDirectory(room)).close();
});

test('another process is refused with the pid of the holder', async () => {
  const { child, said } = await holder(room);
  expect(said).toBe('held');
  const refused = await openDataDirectory(room).catch((error) => error);
  expect(refused).toEqual(code('in_use'));
  expect(refused.message).toContain(`in use by process ${child.pid}`);
});

test('the lock of a killed process does not block the next one', async () => {
  for (let round = 0; round < 3; round += 1) {
    const { child, said } = await holder(room);
    expect(said).toBe('held');
    await killed(child);
  }
  const directory = await openDataDirectory(room);
  expect(readdirSync(room).filter((name) => name.endsWith('.sock'))).toHaveLength(1);
  await directory.close();
});

test('a stopped process keeps the lock', async () => {
  const { child } = await holder(room);
  child.kill('SIGSTOP');
  await expect(openDataDirectory(room)).rejects.toEqual(code('in_use'));
  child.kill('SIGCONT');
  await expect(openDataDirectory(room)).rejects.toEqual(code('in_use'));
});

test('if several daemons start at the same time, exactly one gets the lock, even after a kill', async () => {
  for (let round = 0; round < 3; round += 1) {
    const all = await Promise.all(Array.from({ length: 5 }, () => holder(room)));
    expect(all.map(({ said }) => said.split(':')[0]).sort()).toEqual(['held', ...Array(4).fill('in_use')]);
    await killed(all.find(({ said }) => said === 'held')!.child);
  }
});

test.each(['readdirSync', 'readFileSync'] as const)(
  'a daemon that makes the directory its own at the %s of another one is no stranger to it',
  async (look) => {
    const quicker = () => {
      writeFileSync(join(room, 'version'), '1\n');
      mkdirSync(join(room, 'journal'));
    };
    const fs = jest.requireActual<typeof import('node:fs')>('node:fs');
    const original = fs[look] as (...args: unknown[]) => unknown;
    const spy = jest.spyOn(fs, look).mockImplementationOnce(((...args: unknown[]) => {
      try {
        return original(...args);
      } finally {
        quicker();
      }
    }) as never);
    const directory = await openDataDirectory(room);
    expect(spy).toHaveBeenCalled();
    spy.mockRestore();
    await directory.close();
  },
);

test('if many callers in one process compete, exactly one gets the lock, each time', async () => {
  for (let round = 0; round < 30; round += 1) {
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => openDataDirectory(room)));
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    await won[0]!.value.close();
  }
});

/** What a killed process leaves: a socket on which no process listens. */
async function leaveSocket(name: string): Promise<void> {
  const server = createServer();
  server.listen(join(room, 'unfinished.sock'));
  await once(server, 'listening');
  renameSync(join(room, 'unfinished.sock'), join(room, name));
  await new Promise((done) => server.close(done));
}

test('exactly one contender gets the lock, at whatever moments they start', async () => {
  await (await openDataDirectory(room)).close();
  const turns = fc.array(fc.nat({ max: 25 }), { minLength: 2, maxLength: 6 });
  const one = fc.asyncProperty(turns, fc.nat({ max: 3 }), async (starts, dead) => {
    for (let index = 0; index < dead; index += 1) await leaveSocket(`lock-000000000000000${index}-1.sock`);
    const results = await Promise.allSettled(
      starts.map(async (start) => {
        for (let turn = 0; turn < start; turn += 1) await new Promise((done) => setImmediate(done));
        return openDataDirectory(room);
      }),
    );
    const won = results.filter((result) => result.status === 'fulfilled');
    for (const { value } of won) await value.close();
    expect(won).toHaveLength(1);
    expect(readdirSync(room)).toEqual(['version']);
  });
  await fc.assert(one, { numRuns: 400 });
});

test('a contender that has listed the sockets and a later one agree, whatever their names are', async () => {
  await (await openDataDirectory(room)).close();
  // A third contender, which loses against both, answers only when both have asked it. By then the first has
  // listed the directory without the second, and is still contending.
  let requests: Socket[] = [];
  let requested: () => void = () => {};
  const third = createServer((socket) => {
    socket.once('data', () => {
      requests.push(socket);
      requested();
    });
  });
  third.listen(join(room, 'lock-ffffffffffffffff-1.sock'));
  await once(third, 'listening');
  const untilRequests = async (count: number) => {
    while (requests.length < count) {
      await new Promise<void>((done) => {
        requested = done;
      });
    }
  };
  for (let round = 0; round < 16; round += 1) {
    requests = [];
    const first = openDataDirectory(room);
    await untilRequests(1);
    const second = openDataDirectory(room);
    // The second may find the first before it asks the third, and fail.
    await Promise.race([untilRequests(2), second.catch(() => {})]);
    for (const socket of requests) socket.end('L');
    const results = await Promise.allSettled([first, second]);
    const won = results.filter((result) => result.status === 'fulfilled');
    for (const { value } of won) await value.close();
    expect(won).toHaveLength(1);
  }
  third.close();
});

test('a connection that sends nothing, or too much, does not disturb the holder', async () => {
  const directory = await openDataDirectory(room);
  const socket = readdirSync(room).find((name) => name.endsWith('.sock'))!;
  const silent = createConnection(join(room, socket));
  await once(silent, 'connect');
  const loud = createConnection(join(room, socket));
  loud.on('error', () => {});
  const closed = new Promise((done) => loud.on('close', done));
  loud.write('x'.repeat(100_000));
  await closed;
  await expect(openDataDirectory(room)).rejects.toEqual(code('in_use'));
  silent.destroy();
  await directory.close();
});

test('a process that withdraws while it is asked is not the holder', async () => {
  await (await openDataDirectory(room)).close();
  const leaving = createServer((socket) => {
    socket.destroy();
    leaving.close();
  });
  leaving.listen(join(room, 'lock-0123456789abcdef-4711.sock'));
  await once(leaving, 'listening');
  const directory = await openDataDirectory(room);
  expect(leaving.listening).toBe(false);
  await directory.close();
});

test('one that closes every connection without an answer counts as a holder', async () => {
  await (await openDataDirectory(room)).close();
  const rude = createServer((socket) => socket.destroy());
  rude.listen(join(room, 'lock-0123456789abcdef-4711.sock'));
  await once(rude, 'listening');
  await expect(openDataDirectory(room)).rejects.toThrow('in use by process 4711');
  rude.close();
});

test('a process that does not answer counts as the holder', async () => {
  await (await openDataDirectory(room)).close();
  const mute = createServer(() => {});
  mute.listen(join(room, 'lock-0123456789abcdef-4711.sock'));
  await once(mute, 'listening');
  await expect(openDataDirectory(room)).rejects.toThrow('in use by process 4711');
  mute.close();
});

test('on Linux, a path longer than the limit for sockets works', async () => {
  const path = join(room, 'x'.repeat(120));
  const { said } = await holder(path);
  expect(said).toBe(process.platform === 'linux' ? 'held' : expect.stringContaining('too long'));
  await expect(openDataDirectory(path)).rejects.toThrow();
});

test('a directory of a newer version is refused, and none of its files changes', async () => {
  writeFileSync(join(room, 'version'), '2\n');
  mkdirSync(join(room, 'journal'));
  chmodSync(room, 0o755);
  const before = statSync(room);
  await expect(openDataDirectory(room)).rejects.toThrow(
    `${room} was written by a newer distlogd (format 2, this one reads up to 1); nothing was changed`,
  );
  const after = statSync(room);
  expect([after.mode, after.mtimeMs]).toEqual([before.mode, before.mtimeMs]);
  expect(readdirSync(room)).toEqual(['journal', 'version']);
});

test('a directory with other files is refused and not changed', async () => {
  writeFileSync(join(room, 'thesis.txt'), 'years of work');
  chmodSync(room, 0o755);
  await expect(openDataDirectory(room)).rejects.toEqual(code('foreign'));
  expect(readdirSync(room)).toEqual(['thesis.txt']);
  expect(statSync(room).mode & 0o777).toBe(0o755);
});

test('a version file without a number is refused', async () => {
  writeFileSync(join(room, 'version'), 'banana');
  await expect(openDataDirectory(room)).rejects.toThrow('does not contain a version number');
});

test('a file instead of the directory, or above it, is refused', async () => {
  const file = join(room, 'file');
  writeFileSync(file, '');
  await expect(openDataDirectory(file)).rejects.toEqual(code('not_a_directory'));
  await expect(openDataDirectory(join(file, 'below'))).rejects.toEqual(code('not_a_directory'));
});

const isRoot = process.getuid?.() === 0;

test('a directory that may not be written is refused with a reason', async () => {
  if (isRoot) {
    // Root may write everywhere except where the kernel refuses it.
    await expect(openDataDirectory('/proc/distlogd')).rejects.toEqual(code('not_writable'));
    return;
  }
  chmodSync(room, 0o500);
  await expect(openDataDirectory(join(room, 'data'))).rejects.toEqual(code('not_writable'));
  chmodSync(room, 0o700);
});

test('two processes that create the same directory at the same time do not disturb each other', async () => {
  const path = join(room, 'new');
  const all = await Promise.all([holder(path), holder(path)]);
  expect(all.map(({ said }) => said.split(':')[0]).toSorted()).toEqual(['held', 'in_use']);
  expect(existsSync(join(path, 'version'))).toBe(true);
});

test('a directory of another user is refused, by root too, and not changed', async () => {
  // Only root can create one.
  if (!isRoot) return;
  const path = join(room, 'theirs');
  mkdirSync(path);
  chownSync(path, 65_534, 65_534);
  chmodSync(path, 0o777);
  await expect(openDataDirectory(path)).rejects.toThrow('belongs to another user (65534, this is 0)');
  expect(statSync(path).mode & 0o777).toBe(0o777);
  expect(readdirSync(path)).toEqual([]);
});
