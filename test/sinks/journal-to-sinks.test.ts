import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Sink } from '../../src/component/contract.ts';
import { GatedIntake } from '../../src/daemon/gated-intake.ts';
import { Journal } from '../../src/journal/index.ts';
import { resolve } from '../../src/settings/index.ts';
import { ConsoleSink, consoleSinkOptions } from '../../src/sinks/console/index.ts';
import { FileSink, fileSinkOptions } from '../../src/sinks/file/index.ts';
import { OtlpSink, otlpSinkOptions } from '../../src/sinks/otlp/index.ts';
import { SinkRunner } from '../../src/sinks/runner/index.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.js';
import { folderForEachTest } from './support/folder.ts';
import { batch, bodiesIn, listener, record } from './support/logs.ts';

const folder = folderForEachTest();

function runnerOf(name: string, sink: Sink, journal: Journal): SinkRunner {
  return new SinkRunner({
    name,
    sink,
    journal,
    cursorFile: join(folder(), 'sinks', `${name}.cursor`),
    deadLetterDirectory: join(folder(), 'dead-letters', name),
    log: listener(),
    retry: { initialMillis: 10, maxMillis: 50 },
  });
}

async function append(journal: Journal, from: number, to: number): Promise<string[]> {
  const bodies: string[] = [];
  const appended: Promise<unknown>[] = [];
  for (let each = from; each < to; each += 1) {
    const records = Array.from({ length: 1 + (each % 7) }, (_, at) => record(`${each}.${at}`));
    bodies.push(...records.map(({ body }) => body as string));
    appended.push(journal.append({ body: batch(records), records: records.length }));
  }
  await Promise.all(appended);
  return bodies;
}

test('a journal, three sinks: each record reaches each of them once, over a restart and an outage', async () => {
  mkdirSync(join(folder(), 'journal'));
  const receiver = await startOtlpReceiver();
  const file = join(folder(), 'app.jsonl');
  let shown = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      shown += chunk.toString();
      done();
    },
  });
  const open = async () => {
    const journal = await Journal.open({ directory: join(folder(), 'journal'), segmentBytes: 65_536 });
    const log = listener();
    const runners = [
      runnerOf(
        'file',
        new FileSink({ ...resolve(fileSinkOptions, 'file', {}), path: file }, { log }),
        journal,
      ),
      runnerOf(
        'otlp',
        new OtlpSink(resolve(otlpSinkOptions, 'otlp', { endpoint: receiver.url }), { log }),
        journal,
      ),
      runnerOf(
        'console',
        new ConsoleSink(resolve(consoleSinkOptions, 'console', {}), { stream, log, env: {} }),
        journal,
      ),
    ];
    for (const runner of runners) await runner.start();
    return { journal, runners };
  };
  const bodies: string[] = [];

  const first = await open();
  bodies.push(...(await append(first.journal, 0, 300)));
  await Promise.all(first.runners.map((runner) => runner.stop(20_000)));
  await first.journal.trim(Math.min(...first.runners.map(({ position }) => position)));
  await first.journal.close();

  receiver.respond((_request, index) => (index < 3 ? { code: 14 } : 'ok'));
  const second = await open();
  bodies.push(...(await append(second.journal, 300, 800)));
  await receiver.waitForRecords(bodies.length);
  await Promise.all(second.runners.map((runner) => runner.stop(20_000)));

  expect(second.runners.map(({ position }) => position)).toEqual([801, 801, 801]);
  expect(second.runners[1]!.stats().retries).toBe(3);
  expect(second.runners[0]!.stats().behind).toMatchObject({ batches: 0, records: 0, bytes: 0 });
  await second.journal.close();
  await receiver.stop();
  expect(bodiesIn(readFileSync(file, 'utf8'))).toEqual(bodies);
  expect(receiver.records.map(({ body }) => body)).toEqual(bodies);
  expect(
    shown
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').at(-1)),
  ).toEqual(bodies);
});

test('senders get their answers before readers get the entries', async () => {
  mkdirSync(join(folder(), 'journal'));
  const journal = await Journal.open({ directory: join(folder(), 'journal') });
  const intake = new GatedIntake(journal, () => false);
  const reader = journal.reader(1);
  const events: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    const reading = reader.next(1e6, new AbortController().signal).then(() => events.push('read'));
    const append = async (name: string) => {
      const body = batch([record(name)]);
      expect((await intake.append({ body, records: 1 })).kind).toBe('accepted');
      // Like a receiver that sends its reply after some steps.
      for (let step = 0; step < 10; step += 1) await undefined;
      events.push('answered');
    };
    await Promise.all([append('one'), append('other'), reading]);
    expect(events.splice(0)).toEqual(['answered', 'answered', 'read']);
  }
  await journal.close();
});
