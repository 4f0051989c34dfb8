import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { ZmqLogRecordExporter } from '../../src/zeromq/index.ts';
import { freePort } from '../support/free-port.js';
import { ManualClock } from '../support/manual-clock.ts';
import { readJournal } from './programs/file-intake.js';
import { startCuttingProxy } from './support/cutting-proxy.ts';
import { closeAll, closeLater, newExporter, newReceiver, send } from './support/exporting.ts';
import { MemoryIntake } from './support/memory-intake.ts';

const folder = mkdtempSync(join(tmpdir(), 'burstlog-zeromq-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(closeAll);

const daemons = new Set<ChildProcess>();

/** A daemon in a separate process. @returns the process and its endpoint */
async function startDaemon(journal: string, given?: string) {
  const endpoint = given ?? `tcp://127.0.0.1:${await freePort()}`;
  const child = fork(join(__dirname, 'programs/daemon.js'), [endpoint, journal], { execArgv: [] });
  daemons.add(child);
  child.once('exit', () => daemons.delete(child));
  await once(child, 'message');
  return { child, endpoint };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

afterEach(async () => {
  for (const child of daemons) await kill(child);
});

/** Exports numbered, padded batches, eight at a time. */
async function exportAll(
  exporter: ZmqLogRecordExporter,
  count: number,
  weight: number,
  each = (_: number) => {},
) {
  const succeeded: string[] = [];
  const failed: string[] = [];
  let next = 0;
  const one = async () => {
    while (next < count) {
      const at = next++;
      const name = `batch ${at}`;
      const failure = await send(exporter, `${name}|${'x'.repeat(weight)}`);
      (failure === undefined ? succeeded : failed).push(name);
      each(at);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return { succeeded, failed };
}

/** Success: exactly once. Failure: at most once. */
function expectPromise(texts: readonly string[], outcome: { succeeded: string[]; failed: string[] }) {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const name = text.split('|')[0]!;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  expect(outcome.succeeded.filter((name) => counts.get(name) !== 1)).toEqual([]);
  expect(outcome.failed.filter((name) => (counts.get(name) ?? 0) > 1)).toEqual([]);
}

test('a daemon that is killed five times has every batch once', async () => {
  const journal = join(folder, 'killed');
  let { child, endpoint } = await startDaemon(journal);
  const exporter = newExporter({ endpoint, ackTimeoutMillis: 500 });
  let restarts = Promise.resolve();
  const outcome = await exportAll(exporter, 600, 20_000, (at) => {
    if (at % 100 !== 50 || at > 500) return;
    restarts = restarts.then(async () => {
      await kill(child);
      ({ child, endpoint } = await startDaemon(journal, endpoint));
    });
  });
  await restarts;
  expect(outcome.failed).toEqual([]);
  const { batches } = readJournal(journal);
  expectPromise(
    batches.map(({ b }) => b),
    outcome,
  );
  expect(batches).toHaveLength(600);
});

test('with a daemon that is stopped and continued, every success is stored once, and every failure at most once', async () => {
  const journal = join(folder, 'stopped');
  const { child, endpoint } = await startDaemon(journal);
  // Time passes while the daemon is stopped, and hardly before and after, so a busy machine makes no export
  // late.
  const clock = new ManualClock();
  let step = 1;
  const passing = setInterval(() => clock.advance(step), 5);
  closeLater(async () => clearInterval(passing));
  const exporter = newExporter({
    endpoint,
    clock,
    exportTimeoutMillis: 20_000,
    ackTimeoutMillis: 5_000,
  });
  const outcome = await exportAll(exporter, 300, 20_000, (at) => {
    if (at === 100) {
      child.kill('SIGSTOP');
      step = 1_000;
    }
    if (step > 1 && exporter.stats().failed.timeout >= 16) {
      child.kill('SIGCONT');
      step = 1;
    }
  });
  expect(outcome.failed.length).toBeGreaterThanOrEqual(8);
  expect(outcome.succeeded.length).toBeGreaterThan(150);
  await send(exporter, 'the last');
  expectPromise(
    readJournal(journal).batches.map(({ b }) => b),
    outcome,
  );
});

test('connections that end anywhere, even within a frame, lose and duplicate nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.boolean(),
      async (cuts, weight, isShort) => {
        const intake = new MemoryIntake();
        const receiver = await newReceiver(intake);
        const port = Number(receiver.endpoint.split(':').at(-1));
        const proxy = await startCuttingProxy(port, cuts);
        closeLater(() => proxy.stop());
        const exporter = newExporter({
          endpoint: proxy.endpoint,
          reconnectMillis: 1,
          reconnectMaxMillis: 5,
          ackTimeoutMillis: 50,
          exportTimeoutMillis: isShort ? 20 : 20_000,
        });
        const outcome = await exportAll(exporter, 40, weight);
        if (!isShort) expect(outcome.failed).toEqual([]);
        await closeAll();
        expectPromise(intake.texts, outcome);
      },
    ),
    { numRuns: 25 },
  );
});
