/** Undelivered records at the end of a process, and warnings about the wrapped component. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import { readBox } from '../../src/box/index.ts';
import { BurstLogRecordProcessor } from '../../src/burst/index.ts';
import { OneReadClock } from '../../src/burst/one-read-clock.ts';
import { type ReadableLogRecordLike, undeliveredOf } from '../../src/record/index.ts';
import { aRecord } from '../box/support/memory-box.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { FRONTS, pipeline, pipelineOf, wrapping } from '../support/pipeline.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const silent = { export() {}, shutdown: async () => {} };

describe.each(FRONTS)('%s', (front) => {
  test('returns queued records of a replay, once, with the attributes of their burst, and no held ones', async () => {
    const { burst, log } = pipelineOf(front)({ exporter: silent, replayBatch: 1, after: false });
    for (const body of ['one', 'two', 'three']) log('DEBUG', body, { traceName: 'a' });
    log('DEBUG', 'held', { traceName: 'b' });
    log('ERROR', 'failed', { traceName: 'a' });
    for (let turns = 5; turns > 0; turns -= 1) await turn();
    const given = [...undeliveredOf(burst)];
    const id = given[0]!.attributes['burst.id'];
    expect(id).toEqual(expect.any(String));
    const shown = given.map(({ body, eventName, attributes }) => [
      eventName ?? body,
      attributes['burst.id'] === id,
      attributes['burst.sequence'],
    ]);
    const all = [
      ['failed', true, undefined],
      ['one', true, 1],
      ['two', true, 2],
      ['three', true, 3],
      ['burst.released', true, undefined],
    ];
    // Records passed to a provider belong to it.
    expect(shown).toEqual(front === 'processor' ? all : all.slice(2));
    expect(undeliveredOf(burst)).toEqual([]);
    expect(burst.stats()).toMatchObject({ holding: 0, evicted: { shutdown: 1 } });
  });

  test('logs a wrapped component that fails or hangs when flushed or shut down', async () => {
    const warnings: string[] = [];
    listen((text) => void warnings.push(text));
    const clock = new ManualClock();
    const what = front === 'processor' ? 'the wrapped processor' : 'the wrapped provider';
    const broken = {
      onEmit() {},
      forceFlush: () => Promise.reject(new Error('no flush')),
      shutdown: () => Promise.reject(new Error('no end')),
    };
    const { burst } = wrapping(front, broken, { clock });
    await burst.forceFlush();
    await burst.shutdown();
    expect(warnings.map((text) => text.slice(text.indexOf(what)))).toEqual([
      `${what}'s forceFlush() failed: Error: no flush`,
      `${what}'s shutdown() failed: Error: no end`,
    ]);
    diag.disable();
  });
});

test('a manifest has only attributes with a value', async () => {
  const { burst, log, manifests } = pipeline({ capacity: 2 });
  for (const body of ['lost', 'one', 'two']) log('DEBUG', body);
  log('ERROR', 'failed');
  log('DEBUG', 'three', { traceName: 'a' });
  burst.burst({ keys: 'all', reason: 'asked' });
  const [first, second] = (await manifests()).map(({ attributes }) => Object.keys(attributes));
  const always = ['burst.id', 'burst.trigger', 'burst.released', 'burst.first_time', 'burst.last_time'];
  expect(first).toEqual([...always, 'burst.evicted.capacity']);
  expect(second).toEqual([...always, 'burst.reason']);
});

test('records passed to the wrapped processor are removed from a black box', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'handed-on-'));
  const got: unknown[] = [];
  const processor = {
    onEmit: ({ body }: ReadableLogRecordLike) => void got.push(body),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const clock = new ManualClock();
  const blackBox = { directory, bytes: 1024 * 1024, service: 'checkout' };
  const burst = new BurstLogRecordProcessor({ processor, blackBox, clock });
  const inBox = () => {
    clock.advance(10);
    const contents = readBox(readFileSync(join(directory, readdirSync(directory)[0]!)));
    return typeof contents === 'string' ? contents : contents.records.map(({ record }) => record.body);
  };
  burst.onEmit(aRecord('held', { severityNumber: 5 }));
  burst.onEmit(aRecord('loud', { severityNumber: 9 }));
  expect(inBox()).toEqual(['held']);
  burst.onEmit(aRecord('failed', { severityNumber: 17 }));
  await burst.forceFlush();
  expect(got.slice(0, 3)).toEqual(['loud', 'failed', 'held']);
  expect(inBox()).toEqual([]);
  await burst.shutdown();
  expect(readdirSync(directory)).toEqual([]);
  rmSync(directory, { recursive: true });
});

test('the clock of a provider follows a wall clock that is off by more than two milliseconds, once a second', () => {
  const clock = new ManualClock(2_000);
  const read = new OneReadClock(clock);
  expect(read.now()).toBe(1_000);
  clock.setForward(2);
  clock.advance(999);
  expect(read.now()).toBe(2_001);
  // The difference is three now; two did not cause a measurement.
  clock.setForward(1);
  clock.advance(1);
  expect(read.now()).toBe(2_003);
  clock.advance(1_000);
  expect(read.now()).toBe(3_000);
  // A step back is measured at once.
  clock.setForward(-3);
  expect(read.now()).toBe(3_000);
});
