import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { type JournalEntry, rejectedError } from '../../src/component/index.ts';
import { listDeadLetters } from '../../src/sinks/dead-letters/index.ts';
import { SinkRunner } from '../../src/sinks/runner/index.ts';
import { listener } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';
import { TestSink } from './support/test-sink.ts';

/** A folder where a sync is fast, if there is one; the result is the same. */
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(place, 'burstlog-runner-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

/** What the sink does in a call. */
type Answer =
  | 'takes it'
  | 'fails'
  | 'throws at once'
  | 'rejects all'
  | 'rejects some'
  | 'takes it late'
  | 'bad state';

const answers = fc.constantFrom<Answer>(
  ...(['takes it', 'takes it', 'takes it', 'fails', 'throws at once'] as const),
  ...(['rejects all', 'rejects some', 'takes it late', 'bad state'] as const),
);

/** One run of the daemon: what the sink answers, call by call, and when the run ends. */
interface Run {
  readonly answers: readonly Answer[];
  /**
   * Killed after this many turns of the event loop, at any point; otherwise stopped when everything is
   * written.
   */
  readonly turns: number;
  /** Batches that arrive while it runs. */
  readonly more: number;
}

const runs = fc.array(
  fc.record<Run>({
    answers: fc.array(answers, { minLength: 1, maxLength: 6 }),
    turns: fc.integer({ min: 0, max: 60 }),
    more: fc.nat(8),
  }),
  { minLength: 1, maxLength: 5 },
);

/** What a sink saw in a run: the calls, in order, and how each of them ended. */
interface Call {
  readonly indexes: readonly number[];
  readonly rejected: readonly number[];
  readonly isTaken: boolean;
}

class ModelSink extends TestSink {
  readonly seen: Call[] = [];
  /** A killed process writes nothing any more. */
  isGone = false;
  readonly #answers: readonly Answer[];

  constructor(answers: readonly Answer[]) {
    super();
    this.#answers = answers;
    this.answer = (entries, call) => this.#answer(entries, call);
  }

  #answer(entries: readonly JournalEntry[], call: number): unknown {
    if (this.isGone) throw new Error('gone');
    const indexes = entries.map(({ index }) => index);
    const note = (isTaken: boolean, rejected: readonly number[] = []) =>
      void this.seen.push({ indexes, rejected, isTaken });
    // In the end it accepts everything.
    const answer = this.#answers[call - 1] ?? 'takes it';
    switch (answer) {
      case 'takes it':
        note(true);
        return { last: indexes.at(-1) };
      case 'takes it late':
        return (async () => {
          for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
          if (this.isGone) throw new Error('gone');
          note(true);
          return undefined;
        })();
      case 'bad state':
        note(true);
        return { big: 'x'.repeat(10_000) };
      case 'rejects all':
        note(true, indexes);
        throw rejectedError('no', 'none of them');
      case 'rejects some': {
        const some = indexes.filter((index) => index % 2 === 0);
        note(true, some);
        throw rejectedError('no', 'some of them', some, { last: indexes.at(-1) });
      }
      case 'throws at once':
        note(false);
        throw new Error('at once');
      case 'fails':
        note(false);
        return Promise.reject(new Error('down'));
    }
  }
}

async function lettersIn(directory: string): Promise<{ buried: ReadonlySet<number>; crashed: number }> {
  const buried = new Set<number>();
  const crashed = new Set<number>();
  for await (const { index, cause } of listDeadLetters(join(directory, 'dead'))) {
    buried.add(index);
    if (cause === 'crashed') crashed.add(index);
  }
  return { buried, crashed: crashed.size };
}

test('whatever a sink does and whenever the process is killed, each batch is written or becomes a dead letter', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 12 }),
      runs,
      async (count, atOnce, program) => {
        const journal = new MemoryJournal();
        for (let each = 0; each < count; each += 1) journal.add(Buffer.alloc(10));
        let directory = mkdtempSync(join(folder, 'run-'));
        const taken = new Set<number>();
        const rejected = new Set<number>();
        for (const [at, { answers: given, turns, more }] of [
          ...program,
          { answers: [], turns: -1, more: 1 },
        ].entries()) {
          const sink = new ModelSink(given);
          const runner = new SinkRunner({
            ...{ name: 'model', sink, journal, cursorFile: join(directory, 'model.cursor') },
            ...{ deadLetterDirectory: join(directory, 'dead'), log: listener(), batchBytes: 10 * atOnce },
            retry: { initialMillis: 1, maxMillis: 1 },
          });
          await runner.start();
          for (let each = 0; each < more; each += 1) journal.add(Buffer.alloc(10));
          const begin = runner.position;
          let turn = 0;
          // Killed at any step, or when it has written everything.
          while (turns < 0 ? runner.position < journal.next : turn < turns) {
            turn += 1;
            await new Promise(setImmediate);
          }
          const next = mkdtempSync(join(folder, 'run-'));
          cpSync(directory, next, { recursive: true });
          sink.isGone = true;
          const calls = [...sink.seen];
          await runner.stop(0);
          const { buried } = await lettersIn(next);
          // Each call starts where the last one that counted ended, or again at the same position.
          let expected = begin;
          // An entry that ended the process twice is rejected before the first call.
          if (calls[0]?.indexes[0] === begin + 1 && buried.has(begin)) expected += 1;
          for (const { indexes, isTaken } of calls) {
            expect(indexes[0]).toBe(expected);
            expect(indexes).toEqual(indexes.map((_, offset) => expected + offset));
            if (isTaken) expected += indexes.length;
          }
          for (const call of calls) {
            if (!call.isTaken) continue;
            for (const index of call.indexes) (call.rejected.includes(index) ? rejected : taken).add(index);
          }
          // The cursor is never ahead of what was written or rejected.
          const stored = await positionIn(next, journal);
          for (let index = 1; index < stored; index += 1) {
            if (!taken.has(index) && !buried.has(index))
              throw new Error(`run ${at}: ${index} is behind the cursor`);
          }
          directory = next;
        }
        const { buried, crashed } = await lettersIn(directory);
        const all = Array.from({ length: journal.next - 1 }, (_, at) => at + 1);
        expect([...new Set([...taken, ...buried])].sort((one, other) => one - other)).toEqual(all);
        // One end makes suspects, two more identify one of them.
        expect(crashed).toBeLessThanOrEqual(Math.floor((program.length - 1) / 2));
        expect([...rejected].filter((index) => !buried.has(index) && !taken.has(index))).toEqual([]);
      },
    ),
    { numRuns: 15 },
  );
}, 120_000);

/** Where a runner starts in this directory. */
async function positionIn(directory: string, journal: MemoryJournal): Promise<number> {
  const copy = mkdtempSync(join(folder, 'look-'));
  cpSync(directory, copy, { recursive: true });
  const sink = new ModelSink([]);
  sink.onOpen = () => {
    throw new Error('only to look');
  };
  const runner = new SinkRunner({
    ...{ name: 'model', sink, journal, cursorFile: join(copy, 'model.cursor') },
    ...{ deadLetterDirectory: join(copy, 'dead'), log: listener() },
  });
  await runner.start();
  const { position } = runner;
  await runner.stop(0);
  return position;
}
