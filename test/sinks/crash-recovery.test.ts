import { cpSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { JournalEntry } from '../../src/component/contract.ts';
import { listDeadLetters } from '../../src/sinks/dead-letters/index.ts';
import { SinkRunner, WriteTurns } from '../../src/sinks/runner/index.ts';
import { folderForEachTest } from './support/folder.ts';
import { listener } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';
import { TestSink } from './support/test-sink.ts';

const folder = folderForEachTest();
const BODY_BYTES = 100;

function journalOf(count: number): MemoryJournal {
  const journal = new MemoryJournal();
  for (let each = 0; each < count; each += 1) journal.add(Buffer.alloc(BODY_BYTES));
  return journal;
}

interface SinkSpec {
  readonly name: string;
  /** Entries at which the process ends whenever they are written. */
  readonly deadly: ReadonlySet<number>;
  /** How many entries fit in one call. */
  readonly atOnce?: number;
}

/**
 * A process with one runner for each sink. It "ends" when a deadly entry is being written: nothing in it
 * continues, and its folder at that time is where the next one starts.
 */
class TestProcess {
  readonly sinks: readonly TestSink[];
  readonly #directory: string;
  readonly #runners: readonly SinkRunner[];
  /** Resolves when a deadly entry is being written. */
  readonly ended: Promise<void>;
  #end = () => {};
  #hasEnded = false;
  /** The next process has started. */
  #isGone = false;
  readonly #underWay: ((error: Error) => void)[] = [];

  constructor(directory: string, journal: MemoryJournal, specs: readonly SinkSpec[], retryMillis = 1) {
    this.#directory = directory;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const writeTurns = new WriteTurns();
    this.sinks = specs.map(({ deadly }) => this.#sinkOf(deadly));
    this.#runners = specs.map(
      ({ name, atOnce = 10 }, at) =>
        new SinkRunner({
          name,
          sink: this.sinks[at]!,
          journal,
          cursorFile: join(directory, `${name}.cursor`),
          deadLetterDirectory: join(directory, 'dead', name),
          log: listener(),
          retry: { initialMillis: retryMillis, maxMillis: retryMillis },
          batchBytes: atOnce * BODY_BYTES,
          writeTurns,
        }),
    );
  }

  #sinkOf(deadly: ReadonlySet<number>): TestSink {
    const sink = new TestSink();
    sink.answer = (entries) => {
      const isDeadly = entries.some(({ index }) => deadly.has(index));
      if (!isDeadly && !this.#hasEnded) return undefined;
      if (this.#isGone) throw new Error('the process has ended');
      this.#hasEnded = true;
      this.#end();
      return new Promise((_, reject) => this.#underWay.push(reject));
    };
    return sink;
  }

  /** @param isReversed whether the last of its sinks starts first */
  async start(isReversed = false): Promise<void> {
    for (const runner of isReversed ? this.#runners.toReversed() : this.#runners) {
      await runner.start();
      await new Promise(setImmediate);
    }
  }

  /** The state of the disk at its end, with which the next process starts. */
  async copy(): Promise<string> {
    const next = mkdtempSync(join(folder(), 'process-'));
    cpSync(this.#directory, next, { recursive: true });
    this.#isGone = true;
    for (const reject of this.#underWay) reject(new Error('the process has ended'));
    await Promise.all(this.#runners.map((runner) => runner.stop(0)));
    return next;
  }

  stop(): Promise<unknown> {
    return Promise.all(this.#runners.map((runner) => runner.stop(60_000)));
  }

  look(): void {
    for (const sink of this.sinks) sink.look();
  }

  isWaiting(): boolean {
    return this.#runners.every((runner) => runner.stats().condition === 'waiting');
  }

  isAt(position: number): boolean {
    return this.#runners.every((runner) => runner.position === position);
  }
}

/**
 * Starts processes until one writes everything. @returns how often one ended before, and what each sink has
 * and rejected
 */
async function runToTheEnd(
  journal: MemoryJournal,
  specs: readonly SinkSpec[],
  isReversed: (process: number) => boolean = () => false,
  /** The folder of the first one. */
  begin = mkdtempSync(join(folder(), 'process-')),
) {
  const taken: JournalEntry[][] = specs.map(() => []);
  let directory = begin;
  for (let ends = 0; ; ends += 1) {
    const process = new TestProcess(directory, journal, specs);
    await process.start(isReversed(ends));
    const drained = process.sinks.map((sink) => sink.until(() => process.isAt(journal.next)));
    const poll = setInterval(() => process.look(), 1);
    const hasEnded = await Promise.race([
      process.ended.then(() => true),
      Promise.all(drained).then(() => false),
    ]);
    clearInterval(poll);
    for (const [at, sink] of process.sinks.entries()) taken[at]!.push(...sink.taken);
    if (!hasEnded) {
      await process.stop();
      const buried = await Promise.all(specs.map(({ name }) => buriedIn(join(directory, 'dead', name))));
      return { ends, taken: taken.map((entries) => entries.map(({ index }) => index)), buried };
    }
    directory = await process.copy();
    if (ends > 100) throw new Error('it never recovers');
  }
}

async function buriedIn(directory: string): Promise<number[]> {
  const found: number[] = [];
  for await (const { index, cause } of listDeadLetters(directory)) {
    expect(cause).toBe('crashed');
    found.push(index);
  }
  return found;
}

test('an entry that ends the process is rejected after it did so twice alone', async () => {
  const journal = journalOf(30);
  const { ends, taken, buried } = await runToTheEnd(journal, [
    { name: 'file', deadly: new Set([5]), atOnce: 30 },
  ]);
  expect(ends).toBe(3);
  expect(buried).toEqual([[5]]);
  expect(new Set(taken[0])).toEqual(
    new Set([...Array(30).keys()].map((at) => at + 1).filter((at) => at !== 5)),
  );
});

test('among thousands it is found after one more end', async () => {
  const { ends, buried } = await runToTheEnd(journalOf(3_000), [
    { name: 'file', deadly: new Set([1_234]), atOnce: 3_000 },
  ]);
  expect(ends).toBe(4);
  expect(buried).toEqual([[1_234]]);
});

test('the entry of a sink that was writing at the same time is not rejected', async () => {
  const { taken, buried } = await runToTheEnd(journalOf(20), [
    { name: 'deadly', deadly: new Set([3, 17]) },
    { name: 'other', deadly: new Set() },
  ]);
  expect(buried).toEqual([[3, 17], []]);
  expect(new Set(taken[1]).size).toBe(20);
});

test('sinks that end the process in turns do not clear each other', async () => {
  const { ends, buried } = await runToTheEnd(
    journalOf(1),
    [
      { name: 'one', deadly: new Set([1]), atOnce: 1 },
      { name: 'other', deadly: new Set([1]), atOnce: 1 },
    ],
    (process) => process % 2 === 1,
  );
  expect(buried).toEqual([[1], [1]]);
  expect(ends).toBeLessThanOrEqual(8);
});

test('entries that came after the start are written too, however the suspects are grouped', async () => {
  for (const suspects of [1, 63, 64, 65, 127, 129, 200]) {
    for (const later of [40, 2, 1]) {
      const journal = journalOf(suspects);
      const directory = mkdtempSync(join(folder(), 'process-'));
      const specs = [{ name: 'file', deadly: new Set([1]), atOnce: 500 }];
      const first = new TestProcess(directory, journal, specs);
      await first.start();
      await first.ended;
      const next = new TestProcess(await first.copy(), journal, [{ ...specs[0]!, deadly: new Set() }]);
      next.sinks[0]!.onOpen = () => {
        for (let each = 0; each < later; each += 1) journal.add(Buffer.alloc(BODY_BYTES));
      };
      await next.start();
      await next.sinks[0]!.until(() => next.sinks[0]!.taken.at(-1)?.index === suspects + later);
      await next.stop();
      const taken = next.sinks[0]!.taken.map(({ index }) => index);
      expect(taken).toEqual([...Array(suspects + later).keys()].map((at) => at + 1));
    }
  }
});

test('if suspects are skipped because too many wait, the others are written, also after another end', async () => {
  const journal = journalOf(200);
  const first = new TestProcess(mkdtempSync(join(folder(), 'process-')), journal, [
    { name: 'file', deadly: new Set([1]), atOnce: 500 },
  ]);
  await first.start();
  await first.ended;
  const directory = await first.copy();
  /** A sink that is at most 200 entries behind. @param at its position */
  const runnerOf = (sink: TestSink, at: string) =>
    new SinkRunner({
      ...{ name: 'file', sink, journal, cursorFile: join(at, 'file.cursor'), log: listener() },
      ...{ deadLetterDirectory: join(at, 'dead', 'file'), batchBytes: 500 * BODY_BYTES },
      ...{ onFull: 'skip', maxBehind: { bytes: 200 * BODY_BYTES } },
    });
  const sink = new TestSink();
  let atTheEnd = '';
  const secondCall = new Promise<void>((resolve) => {
    sink.answer = async (_, call) => {
      if (call === 1) {
        for (let each = 0; each < 97; each += 1) journal.add(Buffer.alloc(BODY_BYTES));
        // The runner checks how far it is behind.
        for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
      }
      if (call !== 2) return;
      atTheEnd = mkdtempSync(join(folder(), 'process-'));
      cpSync(directory, atTheEnd, { recursive: true });
      resolve();
    };
  });
  const ended = runnerOf(sink, directory);
  await ended.start();
  await secondCall;
  const next = new TestSink();
  const runner = runnerOf(next, atTheEnd);
  await runner.start();
  await next.until(() => next.taken.at(-1)?.index === 297);
  await Promise.all([ended.stop(60_000), runner.stop(60_000)]);
  const written = Array.from({ length: 200 }, (_, at) => at + 98);
  expect(sink.taken.map(({ index }) => index)).toEqual([1, 2, 3, 4, ...written]);
  expect(next.taken.map(({ index }) => index)).toEqual(written);
  expect(ended.stats().dropped).toMatchObject({ behind_bytes: { batches: 93, records: 93 } });
});

test('an entry that was written alone at the last end is not written at once', async () => {
  const journal = journalOf(1);
  const specs = [{ name: 'file', deadly: new Set([1]) }];
  const together = new TestProcess(mkdtempSync(join(folder(), 'process-')), journal, specs);
  await together.start();
  await together.ended;
  const alone = new TestProcess(await together.copy(), journal, specs);
  await alone.start();
  await alone.ended;
  const waiting = new TestProcess(await alone.copy(), journal, specs, 1_000_000);
  const opened = new Promise<void>((resolve) => {
    waiting.sinks[0]!.onOpen = resolve;
  });
  await waiting.start();
  await opened;
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  expect(waiting.sinks[0]!.calls).toEqual([]);
  // Ended by something else in the meantime: that does not count against the entry.
  const { ends, taken } = await runToTheEnd(
    journal,
    [{ name: 'file', deadly: new Set() }],
    undefined,
    await waiting.copy(),
  );
  expect({ ends, taken }).toEqual({ ends: 0, taken: [[1]] });
});

test('an end that no entry caused rejects none, however often it happens', async () => {
  const journal = journalOf(4);
  let directory = mkdtempSync(join(folder(), 'process-'));
  for (let end = 0; end < 5; end += 1) {
    // A sink that is down: entry 1 is retried again and again, and each process ends while it waits.
    const process = new TestProcess(directory, journal, [{ name: 'down', deadly: new Set() }], 1_000_000);
    const [sink] = process.sinks;
    sink!.answer = () => {
      throw new Error('down');
    };
    await process.start();
    while (!process.isWaiting()) await new Promise(setImmediate);
    directory = await process.copy();
  }
  expect(await buriedIn(join(directory, 'dead', 'down'))).toEqual([]);
});

test('whichever entries end the process, all others arrive and only those are rejected', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 1, max: 150 }),
      fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 150 }), { maxLength: 3 }), {
        minLength: 1,
        maxLength: 3,
      }),
      async (count, atOnce, chosen) => {
        const deadly = chosen.map((set) => set.filter((index) => index <= count).sort((a, b) => a - b));
        const specs = deadly.map((set, at) => ({ name: `sink-${at}`, deadly: new Set(set), atOnce }));
        const { ends, taken, buried } = await runToTheEnd(journalOf(count), specs);
        const rest = specs.map((spec) =>
          [...Array(count).keys()].map((at) => at + 1).filter((at) => !spec.deadly.has(at)),
        );
        expect(buried).toEqual(deadly);
        expect(taken.map((indexes) => [...new Set(indexes)].sort((a, b) => a - b))).toEqual(rest);
        expect(ends).toBeLessThanOrEqual(4 * deadly.flat().length);
      },
    ),
    { numRuns: 8 },
  );
}, 120_000);
