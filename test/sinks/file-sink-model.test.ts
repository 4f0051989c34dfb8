import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { resolve } from '../../src/settings/index.ts';
import { FileSink, type FileSinkOptions, fileSinkOptions } from '../../src/sinks/file/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { bodiesIn, listener, one } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';

/** A folder where a sync is fast, if there is one. */
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const never = new AbortController().signal;
const defaults = resolve(fileSinkOptions, 'file', {});
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(place, 'burstlog-file-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** How much of a write succeeds before the daemon is killed; `done`: it is not killed. */
type End = 'done' | 'prepared' | 'preparation stored' | 'written' | 'stored';

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        batches: fc.integer({ min: 1, max: 3 }),
        end: fc.constantFrom<End>(
          'done',
          'done',
          'done',
          'prepared',
          'preparation stored',
          'written',
          'stored',
        ),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'older' as const, 'moved' as const) }),
    },
  ),
  { maxLength: 25 },
);

/** The content of all files, rotated ones first. */
function written(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name !== 'app.jsonl');
  return [...names, 'app.jsonl']
    .filter((name) => existsSync(join(directory, name)))
    .flatMap((name) => {
      const bytes = readFileSync(join(directory, name));
      return bodiesIn((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
    });
}

test('whenever the daemon is killed or the file is moved, each batch is in one file, once', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.boolean(),
      fc.integer({ min: 1, max: 900 }),
      async (program, gzip, maxBytes) => {
        const directory = mkdtempSync(join(folder, 'logs-'));
        const path = join(directory, 'app.jsonl');
        const clock = new ManualClock();
        const journal = new MemoryJournal();
        const options: FileSinkOptions = {
          ...{ ...defaults, path },
          rotate: { ...defaults.rotate, maxBytes, maxAgeMillis: 60_000, keep: 1_000, gzip },
        };
        const open: FileSink[] = [];
        /** The state that the runner has stored, and how many batches it considers written. */
        let stored: unknown;
        let done = 0;
        const begin = async () => {
          const sink = new FileSink(options, { log: listener(), clock });
          open.push(sink);
          await sink.open(stored);
          return sink;
        };
        let sink = await begin();
        let moves = 0;
        const expected: string[] = [];
        const write = async (batches: number, end: End): Promise<boolean> => {
          const entries = Array.from({ length: batches }, (_, at) => {
            const body = `batch ${done + at}`;
            return { ...journal.add(one(body)), body: one(body) };
          });
          const prepared = await sink.prepare();
          if (end === 'prepared') return false;
          stored = prepared ?? stored;
          if (end === 'preparation stored') return false;
          const state = await sink.write(entries, never);
          if (end === 'written') return false;
          stored = state;
          for (let at = 0; at < batches; at += 1) expected.push(`batch ${done + at}`);
          done += batches;
          return end === 'done';
        };
        for (const step of program) {
          clock.advance(1);
          if (step.kind === 'write') {
            if (await write(step.batches, step.end)) continue;
            // Killed: its background work is not awaited.
            sink = await begin();
          } else if (step.kind === 'restart') {
            await sink.close();
            sink = await begin();
          } else if (step.kind === 'older') {
            clock.advance(60_000);
          } else if (existsSync(path)) {
            moves += 1;
            renameSync(path, `${path}.moved-${moves}`);
          }
        }
        await write(1, 'done');
        for (const each of open) await each.close();
        const found = written(directory);
        expect(found.sort()).toEqual(expected.sort());
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);

test('a file is rotated at exactly its size limit, and not a byte before', async () => {
  for (const [offset, files] of [
    [-1, 2],
    [0, 2],
    [1, 1],
  ] as const) {
    const directory = mkdtempSync(join(folder, 'logs-'));
    const path = join(directory, 'app.jsonl');
    const journal = new MemoryJournal();
    const sizeOf = async (maxBytes: number) => {
      const rotate = { ...defaults.rotate, maxBytes, gzip: false };
      const sink = new FileSink({ ...defaults, path, rotate }, { log: listener() });
      await sink.open(undefined);
      for (const body of ['one', 'two']) {
        await sink.prepare();
        await sink.write([journal.add(one(body))], never);
      }
      await sink.close();
      return readFileSync(path).length;
    };
    const line = (await sizeOf(0)) / 2;
    rmSync(path);
    await sizeOf(line + offset);
    expect({ offset, files: readdirSync(directory).length }).toEqual({ offset, files });
  }
});
