import { join } from 'node:path';
import type { JournalEntry, Sink } from '../../src/component/contract.ts';
import { rejectedError, retryLaterError } from '../../src/component/index.ts';
import { listDeadLetters } from '../../src/sinks/dead-letters/index.ts';
import { SinkRunner, type SinkRunnerOptions, WriteTurns } from '../../src/sinks/runner/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { folderForEachTest } from './support/folder.ts';
import { listener } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';
import { TestSink } from './support/test-sink.ts';

const folder = folderForEachTest();
const running: SinkRunner[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((runner) => runner.stop(0)));
});

function runnerOf(sink: Sink, journal: MemoryJournal, more: Partial<SinkRunnerOptions> = {}) {
  const runner = new SinkRunner({
    name: 'test',
    sink,
    journal,
    cursorFile: join(folder(), 'test.cursor'),
    deadLetterDirectory: join(folder(), 'dead', 'test'),
    log: listener(),
    retry: { initialMillis: 1, maxMillis: 4 },
    batchBytes: 1,
    ...more,
  });
  running.push(runner);
  return runner;
}

function journalOf(count: number, id = 1, now: () => number = Date.now): MemoryJournal {
  const journal = new MemoryJournal(id, now);
  for (let each = 1; each <= count; each += 1) journal.add(Buffer.from(`body ${each}`), each);
  return journal;
}

const indexesOf = (entries: readonly JournalEntry[]) => entries.map(({ index }) => index);

async function lettersOf() {
  const letters = [];
  for await (const letter of listDeadLetters(join(folder(), 'dead', 'test'))) letters.push(letter);
  return letters;
}

test('a sink gets every entry in order, and after a restart continues with its state', async () => {
  const journal = journalOf(3);
  const first = new TestSink();
  first.answer = (entries) => ({ upTo: entries.at(-1)!.index });
  const runner = runnerOf(first, journal);
  await runner.start();
  await first.untilTaken(3);
  await runner.stop(60_000);
  expect(runner.position).toBe(4);
  expect(first.closed).toBe(1);
  expect(runner.stats().written).toEqual({ batches: 3, records: 6, bytes: 18 });

  journal.add(Buffer.from('body 4'));
  const second = new TestSink();
  await runnerOf(second, journal).start();
  await second.untilTaken(1);

  expect(indexesOf([...first.taken, ...second.taken])).toEqual([1, 2, 3, 4]);
  expect(second.opened).toEqual([{ upTo: 3 }]);
});

test('a failed write is retried with the same entries until it succeeds', async () => {
  const sink = new TestSink();
  sink.answer = (_entries, call) => {
    if (call <= 3) throw new Error('not today');
  };
  const log = listener();
  const runner = runnerOf(sink, journalOf(1), { log });
  await runner.start();
  await sink.untilTaken(1);
  await runner.stop(60_000);

  expect(sink.calls.map(indexesOf)).toEqual([[1], [1], [1], [1]]);
  expect(runner.stats()).toMatchObject({
    retries: 3,
    trouble: undefined,
    lastError: { text: 'not today' },
  });
  expect(log.said.filter((line) => line.includes('not today'))).toHaveLength(1);
});

test('delays grow from the first to the longest, and never end before the time that the sink requests', async () => {
  const clock = new ManualClock();
  const waits: number[] = [];
  const recording = {
    now: () => clock.now(),
    monotonicNow: () => clock.monotonicNow(),
    after: (millis: number, callback: () => void) => {
      // The timeout of a call and the check once a second are other timers.
      if (millis === 60_000 || millis === 1_000_000) return () => {};
      waits.push(millis);
      queueMicrotask(callback);
      return () => {};
    },
  };
  const luck = [0.5, 0.5, 0.5, 0.5];
  const sink = new TestSink();
  sink.answer = (_entries, call) => {
    if (call <= 4) throw new Error('no');
    if (call === 5) throw retryLaterError('busy', 7_000);
    // At most an hour, whatever a server requests.
    if (call === 6) throw retryLaterError('away', 604_800_000);
  };
  const runner = runnerOf(sink, journalOf(1), {
    clock: {
      ...recording,
      after: (millis, callback) => (millis === 1_000 ? () => {} : recording.after(millis, callback)),
    },
    retry: { initialMillis: 100, maxMillis: 400 },
    random: () => luck.shift() ?? 0,
  });
  await runner.start();
  await sink.untilTaken(1);

  expect(waits).toEqual([100, 200, 400, 400, 7_000, 3_600_000]);
});

test('a rejected entry becomes a dead letter, the others are written, and a replay writes it again', async () => {
  const sink = new TestSink();
  let isBad = true;
  sink.answer = (entries) => {
    const bad = entries.filter(({ index }) => index === 2);
    if (isBad && bad.length > 0)
      throw rejectedError('http_400', 'not nice', indexesOf(bad), { after: 'rejection' });
    return { upTo: entries.at(-1)!.index };
  };
  const runner = runnerOf(sink, journalOf(3), { batchBytes: 1_000 });
  await runner.start();
  await sink.until(() => sink.calls.length === 1);
  await runner.stop(60_000);

  expect(runner.stats()).toMatchObject({
    written: { batches: 2, records: 4 },
    deadLetters: { batches: 1, records: 2 },
    rejected: { http_400: { batches: 1, records: 2 } },
  });
  expect(await lettersOf()).toMatchObject([
    {
      cause: 'http_400',
      message: 'not nice',
      index: 2,
      records: 2,
      body: Buffer.from('body 2'),
    },
  ]);

  isBad = false;
  const journal = journalOf(4);
  const again = new TestSink();
  const second = runnerOf(again, journal);
  await second.start();
  await again.untilTaken(1);
  await expect(second.replayDeadLetters()).resolves.toEqual({ letters: 1, records: 2, damagedBytes: 0 });

  expect(again.opened).toEqual([{ after: 'rejection' }]);
  expect(indexesOf(again.taken)).toEqual([4, 2]);
  expect(second.position).toBe(5);
  expect(await lettersOf()).toEqual([]);
});

test('a failed replay keeps the letters, a rejected one stores them again', async () => {
  const sink = new TestSink();
  let trouble: Error | undefined = rejectedError('bad', 'no');
  sink.answer = () => {
    if (trouble !== undefined) throw trouble;
  };
  const journal = journalOf(2);
  const runner = runnerOf(sink, journal);
  await runner.start();
  await sink.until(() => sink.calls.length === 2);
  trouble = undefined;
  journal.add(Buffer.from('good'));
  await sink.untilTaken(1);

  trouble = new Error('down');
  await expect(runner.replayDeadLetters()).rejects.toThrow('down');
  expect(indexesOf((await lettersOf()) as never)).toEqual([1, 2]);
  trouble = rejectedError('bad', 'still no');
  await expect(runner.replayDeadLetters()).resolves.toEqual({ letters: 2, records: 3, damagedBytes: 0 });
  expect((await lettersOf()).map(({ index, message }) => [index, message])).toEqual([
    [1, 'still no'],
    [2, 'still no'],
  ]);
});

test('without room for dead letters they are counted as dropped', async () => {
  const sink = new TestSink();
  sink.answer = () => {
    throw rejectedError('bad', 'no');
  };
  const runner = runnerOf(sink, journalOf(2), { deadLetters: { maxBytes: 0 } });
  await runner.start();
  await sink.until(() => sink.calls.length === 2);
  await runner.stop(60_000);
  expect(runner.stats().dropped.dead_letters).toEqual({ batches: 2, records: 3 });
});

test('a sink that is too far behind in bytes skips the oldest, which are counted and logged', async () => {
  const log = listener();
  const sink = new TestSink();
  let isDown = true;
  sink.answer = () => {
    if (isDown) throw new Error('down');
  };
  const journal = journalOf(1);
  const runner = runnerOf(sink, journal, { log, onFull: 'skip', maxBehind: { bytes: 12 } });
  await runner.start();
  await sink.until(() => sink.calls.length === 2);
  for (let each = 2; each <= 5; each += 1) journal.add(Buffer.from(`body ${each}`), each);
  await sink.until(() => sink.calls.at(-1)?.[0]?.index === 4);
  isDown = false;
  await sink.untilTaken(2);
  await runner.stop(60_000);

  expect(indexesOf(sink.taken)).toEqual([4, 5]);
  expect(runner.stats().dropped.behind_bytes).toEqual({ batches: 3, records: 6 });
  expect(runner.stats().blocking).toBe(false);
  expect(log.said.filter((line) => line.includes('skipped')).length).toBeGreaterThan(0);
});

test('a sink that may skip is never further behind than its limit, whenever it is checked', async () => {
  const sink = new TestSink();
  let release: () => void = () => {};
  sink.answer = () =>
    new Promise<void>((resolve) => {
      release = resolve;
    });
  const journal = journalOf(1);
  // No timer fires here.
  const runner = runnerOf(sink, journal, {
    onFull: 'skip',
    maxBehind: { bytes: 20 },
    clock: new ManualClock(),
  });
  await runner.start();
  await sink.until(() => sink.calls.length === 1);
  for (let each = 2; each <= 50; each += 1) {
    journal.add(Buffer.from(`body ${each}`), 1);
    await new Promise(setImmediate);
    expect(runner.stats().behind.bytes).toBeLessThanOrEqual(20);
  }
  // Two entries of seven bytes are still within the limit; the first is being written.
  expect(runner.stats().dropped.behind_bytes).toEqual({ batches: 47, records: 47 });
  sink.answer = () => undefined;
  release();
  await sink.untilTaken(3);
});

test('a call that hangs does not block the journal: by age its entries may be trimmed', async () => {
  const clock = new ManualClock();
  const journal = journalOf(2, 1, () => clock.now());
  const sink = new TestSink();
  let release: (state: unknown) => void = () => {};
  sink.answer = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  const runner = runnerOf(sink, journal, { clock, onFull: 'skip', maxBehind: { ageMillis: 5_000 } });
  await runner.start();
  await sink.until(() => sink.calls.length === 1);
  clock.advance(8_000);

  expect(runner.position).toBe(3);
  expect(runner.stats().dropped.behind_age).toEqual({ batches: 1, records: 2 });
  release(undefined);
  journal.add(Buffer.from('new'), 3);
  await sink.until(() => sink.calls.length === 2);
  release(undefined);
  await sink.untilTaken(2);
  // The first was accepted after all, so only the second was missed.
  expect(indexesOf(sink.taken)).toEqual([1, 3]);
});

test('a sink that does not skip reports that it blocks', async () => {
  const sink = new TestSink();
  sink.answer = () => {
    throw new Error('down');
  };
  const journal = journalOf(1);
  const runner = runnerOf(sink, journal, { maxBehind: { bytes: 8 } });
  await runner.start();
  expect(runner.blocking).toBe(false);
  journal.add(Buffer.from('body 2'));
  expect(runner.blocking).toBe(true);
  expect(runner.position).toBe(1);
  expect(runner.stats().dropped.behind_bytes).toEqual({ batches: 0, records: 0 });
});

test('with another journal it starts at the first entry, logs that, and undoes nothing', async () => {
  const first = new TestSink();
  first.answer = () => 'state';
  const runner = runnerOf(first, journalOf(2));
  await runner.start();
  await first.untilTaken(2);
  await runner.stop(60_000);

  const log = listener();
  const second = new TestSink();
  const journal = journalOf(3, 2);
  journal.trim(2);
  await runnerOf(second, journal, { log }).start();
  await second.untilTaken(2);

  expect(indexesOf(second.taken)).toEqual([2, 3]);
  expect(second.opened).toEqual([undefined]);
  expect(log.said.join()).toContain('another journal');
});

test('if the journal ends before the cursor, for example after a restore from a backup, it continues at the end', async () => {
  const first = new TestSink();
  const runner = runnerOf(first, journalOf(5));
  await runner.start();
  await first.untilTaken(5);
  await runner.stop(60_000);

  const log = listener();
  const journal = journalOf(3);
  const second = new TestSink();
  await runnerOf(second, journal, { log }).start();
  journal.add(Buffer.from('new'));
  await second.untilTaken(1);
  expect(indexesOf(second.taken)).toEqual([4]);
  expect(log.said.join()).toContain('up to entry 5, but the journal ends at 3');
});

test('entries that the journal no longer has are counted', async () => {
  const journal = journalOf(5);
  const sink = new TestSink();
  let fails = true;
  sink.answer = (_entries, call) => {
    if (call === 1 && fails) throw new Error('down');
  };
  const runner = runnerOf(sink, journal);
  await runner.start();
  await sink.untilTaken(1);
  fails = false;
  journal.trim(4);
  await sink.untilTaken(3);
  await runner.stop(60_000);
  const { batches } = runner.stats().dropped.trimmed;
  expect(batches + sink.taken.length).toBe(5);
});

test('a state that is too long, or not JSON, is not stored, and the sink continues', async () => {
  const log = listener();
  const sink = new TestSink();
  sink.answer = (_entries, call) =>
    call === 1 ? 'x'.repeat(5_000) : call === 2 ? { big: 1n } : { good: true };
  const journal = journalOf(2);
  const runner = runnerOf(sink, journal, { log });
  await runner.start();
  await sink.untilTaken(2);
  await runner.stop(60_000);

  expect(runner.stats().lastError?.text).toContain('a state that cannot be encoded as JSON');
  expect(log.said.some((line) => line.includes('5002 bytes'))).toBe(true);
  const second = new TestSink();
  await runnerOf(second, journal).start();
  await second.until(() => second.opened.length === 1).catch(() => {});
  journal.add(Buffer.from('more'));
  await second.untilTaken(1);
  expect(second.opened).toEqual([undefined]);
});

test('a state from prepare is on disk before the following write', async () => {
  const sink = Object.assign(new TestSink(), {
    prepare: async () => ({ place: 'new' }),
  });
  sink.answer = () => {
    throw new Error('crash');
  };
  const journal = journalOf(1);
  const runner = runnerOf(sink, journal);
  await runner.start();
  await sink.until(() => sink.calls.length === 1);
  await runner.stop(0);

  const second = new TestSink();
  await runnerOf(second, journal).start();
  await second.untilTaken(1);
  expect(second.opened).toEqual([{ place: 'new' }]);
  expect(indexesOf(second.taken)).toEqual([1]);
});

test('a sink that cannot be opened is retried, and closed at the end', async () => {
  const sink = new TestSink();
  sink.onOpen = () => {
    if (sink.opened.length < 3) throw new Error('no folder');
  };
  const runner = runnerOf(sink, journalOf(1));
  await runner.start();
  await sink.untilTaken(1);
  await runner.stop(60_000);
  expect(sink.opened).toHaveLength(3);
  expect(sink.closed).toBe(1);
});

test('stop writes the current entries', async () => {
  const sink = new TestSink();
  const journal = journalOf(20);
  const runner = runnerOf(sink, journal);
  await runner.start();
  await runner.stop(10_000);
  expect(sink.taken).toHaveLength(20);
  expect(runner.stats().condition).toBe('stopped');
});

test('stop with a failing sink ends after one more attempt, and loses nothing', async () => {
  const sink = new TestSink();
  sink.answer = () => {
    throw new Error('down');
  };
  const journal = journalOf(3);
  const runner = runnerOf(sink, journal, { retry: { initialMillis: 1_000_000, maxMillis: 1_000_000 } });
  await runner.start();
  while (runner.stats().condition !== 'waiting') await new Promise(setImmediate);
  await runner.stop(60_000);
  expect(sink.calls).toHaveLength(2);
  expect(runner.position).toBe(1);
});

test.each([
  ['the drain time', 0],
  ['an abort', 100],
])('stop during a replay does not wait for more entries, or for %s', async (_what, millis) => {
  const clock = new ManualClock();
  const sink = new TestSink();
  sink.answer = () => {
    throw rejectedError('bad', 'no');
  };
  const runner = runnerOf(sink, journalOf(1), { clock });
  await runner.start();
  await sink.until(() => sink.calls.length === 1);
  while (runner.position < 2) await new Promise(setImmediate);

  let release = () => {};
  sink.answer = (_entries, _call, signal) =>
    new Promise<void>((resolve, reject) => {
      release = resolve;
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  const replayed = runner.replayDeadLetters();
  replayed.catch(() => {});
  await sink.until(() => sink.calls.length === 2);
  // The clock stands still: a caller that waits for a limit would wait forever.
  const stopped = runner.stop(100);
  clock.advance(millis);
  release();
  await stopped;

  expect(runner.stats().condition).toBe('stopped');
  expect(sink.closed).toBe(1);
});

test('a call that never returns is aborted after its timeout, logged, and abandoned by stop', async () => {
  const clock = new ManualClock();
  const log = listener();
  const sink = new TestSink();
  let signal: AbortSignal | undefined;
  sink.answer = (_entries, _call, given) => {
    signal = given;
    return new Promise(() => {});
  };
  const runner = runnerOf(sink, journalOf(1), { clock, log });
  await runner.start();
  await sink.until(() => sink.calls.length === 1);
  clock.advance(60_000);
  expect(signal?.aborted).toBe(true);
  expect(sink.calls).toHaveLength(1);
  clock.advance(5_000);
  expect(runner.stats().condition).toBe('hung');

  const stopped = runner.stop(100);
  clock.advance(1_200);
  await stopped;
  expect(sink.calls).toHaveLength(1);
  expect(sink.closed).toBe(1);
  expect(runner.position).toBe(1);
});

test('a call that returns when it is aborted does not count as hung', async () => {
  const clock = new ManualClock();
  const sink = new TestSink();
  sink.answer = (_entries, call, signal) =>
    call > 1
      ? undefined
      : new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  const log = listener();
  const runner = runnerOf(sink, journalOf(1), { clock, log, writeTimeoutMillis: 10_000 });
  await runner.start();
  await sink.until(() => sink.calls.length === 1);
  clock.advance(10_000);
  while (runner.stats().condition !== 'waiting') await new Promise(setImmediate);
  clock.advance(60_000);
  await sink.untilTaken(1);
  expect(log.said.filter((text) => text.includes('does not return'))).toEqual([]);
});

test('entries skipped in several steps during one call are counted once', async () => {
  const journal = new MemoryJournal();
  const add = () => journal.add(Buffer.alloc(10), 3);
  add();
  const sink = new TestSink();
  let release = () => {};
  sink.answer = (_entries, call) =>
    call > 1 ? undefined : new Promise<void>((resolve) => (release = resolve));
  const runner = runnerOf(sink, journal, { onFull: 'skip', maxBehind: { bytes: 40 } });
  await runner.start();
  await sink.until(() => sink.calls.length === 1);
  for (let count = 2; count <= 20; count += 1) {
    add();
    for (let turn = 0; turn < 2; turn += 1) await new Promise(setImmediate);
  }
  release();
  await sink.until(() => sink.taken.at(-1)?.index === 20);
  expect(indexesOf(sink.taken)).toEqual([1, 17, 18, 19, 20]);
  expect(runner.stats().dropped).toMatchObject({ behind_bytes: { batches: 15, records: 45 } });
});

test('sinks that write together wait for an earlier request to write alone', async () => {
  const clock = new ManualClock();
  const turns = new WriteTurns();
  const begun: string[] = [];
  const ask = (kind: 'together' | 'alone', name: string) =>
    turns[kind](clock, 1_000).then((end) => {
      begun.push(name);
      return end;
    });
  const settle = () => new Promise(setImmediate);
  const one = ask('together', 'one');
  const two = ask('together', 'two');
  const alone = ask('alone', 'alone');
  const three = ask('together', 'three');
  await settle();
  expect(begun).toEqual(['one', 'two']);
  (await one)();
  await settle();
  (await one)();
  await settle();
  expect(begun).toEqual(['one', 'two']);
  (await two)();
  await settle();
  expect(begun).toEqual(['one', 'two', 'alone']);
  // A sink that hangs delays the others for a limited time.
  clock.advance(999);
  await settle();
  expect(begun).toHaveLength(3);
  clock.advance(1);
  await settle();
  expect(begun).toEqual(['one', 'two', 'alone', 'three']);
  for (const each of [alone, three]) (await each)();
});
