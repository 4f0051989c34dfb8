import { getEventListeners } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ChildEnded, StoreProcess, StoreReaders } from '../../src/store/index.ts';

let directory: string;
const opened: { close(): Promise<void> }[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'processes-'));
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  rmSync(directory, { recursive: true, force: true });
});
const limits = { partitionRecords: 1, partitionBytes: 1, maxBytes: 1, maxAgeMillis: 0 };
const query = { limit: 1, order: 'oldest' } as const;
const { signal } = new AbortController();

/**
 * A program that sends what a test asks for: `say(answer, bytes?)` in chunks of any size; `orders` has the
 * kinds that were received, and `start` how often it was started.
 */
function programOf(onOrder: string): URL {
  const file = join(directory, 'program.js');
  const starts = JSON.stringify(join(directory, 'starts'));
  writeFileSync(
    file,
    `const { appendFileSync, readFileSync, writeSync } = require('node:fs');
    appendFileSync(${starts}, 'x');
    const start = readFileSync(${starts}, 'utf8').length;
    const orders = [];
    const bytesOf = (answer, body = '') => {
      const text = Buffer.from(JSON.stringify(answer));
      const header = Buffer.alloc(8);
      header.writeUInt32BE(text.length, 0);
      header.writeUInt32BE(Buffer.byteLength(body), 4);
      return Buffer.concat([header, text, Buffer.from(body)]);
    };
    const say = (answer, body) => writeSync(1, bytesOf(answer, body));
    let held = Buffer.alloc(0);
    process.stdin.on('data', async (chunk) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 8) {
        const [text, bytes] = [held.readUInt32BE(0), held.readUInt32BE(4)];
        if (held.length < 8 + text + bytes) return;
        const order = JSON.parse(held.toString('utf8', 8, 8 + text));
        const body = held.toString('utf8', 8 + text, 8 + text + bytes);
        held = held.subarray(8 + text + bytes);
        orders.push(order.kind);
        ${onOrder}
      }
    });`,
  );
  return pathToFileURL(file);
}
const starts = () => readFileSync(join(directory, 'starts'), 'utf8').length;

function storeOf(program: URL | undefined) {
  const warnings: string[] = [];
  const store = new StoreProcess({
    program,
    directory,
    limits,
    onWarning: (message) => void warnings.push(message),
  });
  opened.push(store);
  return { store, warnings };
}

function readersOf(program: URL, processes: number) {
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const readers = new StoreReaders({ program, directory, onWarning, processes });
  opened.push(readers);
  return { readers, warnings };
}

describe('the process that writes', () => {
  test('before it is opened no process runs, and write, probe and care fail', async () => {
    const { store } = storeOf(undefined);
    expect([store.isRunning, store.pid, store.restarts]).toEqual([false, undefined, 0]);
    await expect(store.write([], { journal: '', next: 0 }, signal)).rejects.toThrow('the store is not open');
    await expect(store.probe()).rejects.toThrow('the store is not open');
    await expect(store.care()).rejects.toThrow('the store is not open');
    await expect(store.open()).rejects.toThrow('a store requires the compiled program');
    await store.close();
  });

  test('its answers are passed on: the cursor, warnings, results, and the totals of all processes', async () => {
    const { store, warnings } = storeOf(
      programOf(`
        const totals = { partitionsCreated: 1, partitionsRemoved: 2, recordsExpired: 3, partitionsQuarantined: 4 };
        if (order.kind === 'open') say({ kind: 'done', cursor: { journal: 'j', next: 7 }, totals });
        else if (order.kind === 'probe') say({ kind: 'done' });
        else if (body === 'end') process.exit(3);
        else if (body === 'fail') say({ kind: 'failed', message: 'the disk is full' });
        else {
          say({ kind: 'warning', message: 'look here' });
          const written = { bad: order.entries.map(({ bytes }) => bytes), message: body };
          say({ kind: 'done', written, totals: { ...totals, recordsExpired: 30 } });
        }`),
    );
    expect(await store.open()).toEqual({ journal: 'j', next: 7 });
    expect([store.isRunning, store.restarts]).toEqual([true, 0]);
    const write = (...bodies: string[]) => {
      const entries = bodies.map((body, index) => ({ index, receivedMillis: 1, body: Buffer.from(body) }));
      return store.write(entries, { journal: 'j', next: 9 }, signal);
    };
    expect(await write('ab', 'cde')).toEqual({ bad: [2, 3], message: 'abcde' });
    expect(warnings).toEqual(['look here']);
    await store.probe();
    await expect(write('fail')).rejects.toThrow('the disk is full');
    const once = { partitionsCreated: 1, partitionsRemoved: 2, recordsExpired: 30, partitionsQuarantined: 4 };
    expect(store.totals).toEqual(once);

    await expect(write('end')).rejects.toThrow(/^the process of the store ended with 3/);
    await expect(write('later')).rejects.toBeInstanceOf(ChildEnded);
    expect(store.isRunning).toBe(false);
    await store.open();
    expect(store.restarts).toBe(1);
    expect(store.totals).toEqual({
      partitionsCreated: 2,
      partitionsRemoved: 4,
      recordsExpired: 33,
      partitionsQuarantined: 8,
    });
    // An aborted query is not started, and has no effect.
    await expect(store.write([], { journal: 'j', next: 9 }, AbortSignal.abort())).rejects.toThrow('aborted');
    expect(store.isRunning).toBe(true);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('answers may arrive in chunks of any size, and several in one', async () => {
    const { store, warnings } = storeOf(
      programOf(`
        const answers = ['a', 'ü'.repeat(50), 'c'].map((message) => bytesOf({ kind: 'warning', message }));
        const all = Buffer.concat([...answers, bytesOf({ kind: 'done', cursor: { journal: 'j', next: 1 } })]);
        for (let at = 0; at < all.length; at += 7) {
          writeSync(1, all.subarray(at, at + 7));
          await new Promise((done) => setTimeout(done, at % 3 === 0 ? 1 : 0));
        }`),
    );
    expect(await store.open()).toEqual({ journal: 'j', next: 1 });
    expect(warnings).toEqual(['a', 'ü'.repeat(50), 'c']);
  });

  test('a process that sends invalid messages is killed, and no caller waits for it', async () => {
    const { store } = storeOf(programOf(`writeSync(1, Buffer.alloc(100, 0xff));`));
    await expect(store.open()).rejects.toThrow('SIGKILL');
    expect(starts()).toBe(1);
  });

  test('the last error output of a process that ends is part of the error, truncated', async () => {
    const { store } = storeOf(
      programOf(`process.stderr.write('x'.repeat(5000) + ' out of memory\\n', () => process.exit(9));`),
    );
    const error = (await store.open().catch((caught: unknown) => caught)) as Error;
    expect(error.message).toMatch(/^the process of the store ended with 9: x+ out of memory$/);
    expect(error.message.length).toBeLessThan(2_100);
  });

  test('if no store can be opened, no partition is marked as damaged', async () => {
    const { store, warnings } = storeOf(
      programOf("say({ kind: 'at', name: '00000001.db' }); process.exit(7);"),
    );
    await expect(store.open()).rejects.toThrow('ended with 7');
    expect(starts()).toBe(3);
    expect(warnings).toEqual([]);
    expect(readdirSync(directory).filter((name) => name.endsWith('.damaged'))).toEqual([]);
  });
});

describe('the processes that read', () => {
  const nothing = pathToFileURL(join(tmpdir(), 'no program'));
  const ask = (readers: StoreReaders, of: AbortSignal = new AbortController().signal) =>
    readers.count(query, { boundMillis: 60_000, signal: of });

  test('at most 32 queries wait; an aborted one makes room, and closing ends the others', async () => {
    const { readers } = readersOf(nothing, 0);
    const abort = new AbortController();
    const aborted = ask(readers, abort.signal);
    const waiting = Array.from({ length: 30 }, () => ask(readers));
    waiting.push(ask(readers, signal));
    expect(readers.isFull).toBe(true);
    await expect(ask(readers)).rejects.toThrow('too many queries are waiting');

    abort.abort(new Error('the client is gone'));
    await expect(aborted).rejects.toThrow('the client is gone');
    expect(readers.isFull).toBe(false);
    waiting.push(ask(readers));
    expect(readers.isFull).toBe(true);

    await readers.close();
    for (const one of waiting) await expect(one).rejects.toThrow('the store is closing');
    await expect(ask(readers)).rejects.toThrow('the store is closing');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('a query that was aborted before it began waits for nothing', async () => {
    const { readers } = readersOf(nothing, 0);
    await expect(ask(readers, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(readers.isFull).toBe(false);
  });

  test('a process is reused for the next query, and ended when it has been idle', async () => {
    const found = { records: 5, more: false, isCut: false, cursor: { journal: '', next: 0 } };
    const program = programOf(
      `say({ kind: 'done', found: { ...${JSON.stringify(found)}, records: orders.length } });`,
    );
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
    const { readers } = readersOf(program, 2);
    expect(await ask(readers)).toEqual({ ...found, records: 1 });
    expect(await ask(readers)).toEqual({ ...found, records: 2 });
    expect(starts()).toBe(1);
    jest.advanceTimersByTime(60_000);
    jest.useRealTimers();
    expect(await ask(readers)).toEqual({ ...found, records: 1 });
    expect(starts()).toBe(2);
  });

  test('a process may start slowly; after its start it is killed when its search takes too long', async () => {
    const started = join(directory, 'started');
    const found = { records: 5, more: false, isCut: false, cursor: { journal: '', next: 0 } };
    const { readers } = readersOf(
      programOf(`
        if (orders.length > 1) return;
        while (!require('node:fs').existsSync(${JSON.stringify(started)})) await new Promise(setImmediate);
        say({ kind: 'done', found: ${JSON.stringify(found)} });`),
      1,
    );
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
    try {
      const first = ask(readers);
      await new Promise(setImmediate);
      jest.advanceTimersByTime(62_000);
      writeFileSync(started, '');
      expect(await first).toEqual(found);
      const second = expect(ask(readers)).rejects.toThrow('SIGKILL');
      await new Promise(setImmediate);
      jest.advanceTimersByTime(62_000);
      await second;
    } finally {
      jest.useRealTimers();
    }
  });

  test('an end without a partition, or after the first lines, is not retried', async () => {
    const { readers } = readersOf(programOf('process.exit(4);'), 1);
    await expect(ask(readers)).rejects.toThrow('ended with 4');
    expect(starts()).toBe(1);

    const said = "say({ kind: 'at', name: '00000001.db' }); say({ kind: 'lines' }, 'x'); process.exit(5);";
    const { readers: others } = readersOf(programOf(said), 1);
    const lines: string[] = [];
    const onLines = (bytes: Buffer) => void lines.push(String(bytes));
    await expect(
      others.records(query, { boundMillis: 60_000, signal, onLines: onLines as never }),
    ).rejects.toThrow('ended with 5');
    expect(lines).toEqual(['x']);
    expect(starts()).toBe(2);
  });

  test('warnings and damage that a process reports are passed on, and an answer without a result is an error', async () => {
    const { readers, warnings } = readersOf(
      programOf(`
        say({ kind: 'warning', message: 'a chunk is odd' });
        say({ kind: 'damaged', name: '00000009.db', why: 'no database' });
        say({ kind: 'done' });`),
      1,
    );
    await expect(ask(readers)).rejects.toThrow('the process of the store answered without a result');
    expect(warnings).toEqual([
      'a chunk is odd',
      '00000009.db cannot be read (no database); the store continues without it',
    ]);
    expect(readFileSync(join(directory, '00000009.db.damaged'), 'utf8')).toBe('no database');
  });
});
