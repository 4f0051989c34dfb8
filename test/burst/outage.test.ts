import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { ReadableLogRecordLike } from '../../src/record/otel.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { expectAccountsBalance, FRONTS, pipeline, pipelineOf } from '../support/pipeline.ts';

type Callback = (result: { code: number; error?: Error }) => void;

/** An exporter whose behaviour is set by the test, and which keeps the accepted batches. */
function exporterThat(behave: (accept: () => void, callback: Callback) => void) {
  const batches: ReadableLogRecordLike[][] = [];
  return {
    batches,
    bodies: () => batches.flat().map((record) => record.body as string),
    export(records: ReadableLogRecordLike[], callback: Callback) {
      const accept = () => {
        batches.push(records);
        callback({ code: 0 });
      };
      behave(accept, callback);
    },
    shutdown: async () => {},
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const unavailable = Object.assign(new Error('14 UNAVAILABLE'), { code: 14 });

/** Turns of the event loop per batch of a slow exporter. */
function slowly(turns: number) {
  return (accept: () => void) => {
    const wait = (left: number) => (left === 0 ? accept() : void setImmediate(() => wait(left - 1)));
    wait(turns);
  };
}

describe.each(FRONTS)('a replay through a slow exporter: %s', (front) => {
  const pipeline = pipelineOf(front);

  test.each(front === 'processor' ? [600, 5_000, 20_000] : [600, 5_000])(
    'a slow exporter with live traffic: of a replay of %d and the live records nothing is lost',
    async (size) => {
      const exporter = exporterThat(slowly(5));
      const { log, burst } = pipeline({ exporter, capacity: size, maxBytes: 1e9, limit: false });
      for (let count = 0; count < size; count += 1) log('DEBUG', `debug ${count}`, { traceName: 'a' });
      log('ERROR', 'trigger', { traceName: 'a' });
      const live: string[] = [];
      for (let count = 0; count < 300; count += 1) {
        const severity = count % 10 === 0 ? 'ERROR' : 'INFO';
        log(severity, `live ${count}`, { traceName: `b${count}` });
        live.push(`live ${count}`);
        await turn();
      }
      await burst.forceFlush();
      const bodies = exporter.bodies();
      expect(bodies.filter((body) => body.startsWith('live'))).toEqual(live);
      expect(bodies.filter((body) => body.startsWith('debug'))).toHaveLength(size);
      expect(bodies[0]).toBe('trigger');
      expect(burst.stats()).toMatchObject({ pending: 0, evicted: { bytes: 0 } });
      expectAccountsBalance(burst.stats());
    },
  );

  test('a live record overtakes a replay: at most one batch of it is sent before', async () => {
    const exporter = exporterThat(slowly(20));
    const { log, burst } = pipeline({ exporter, capacity: 20_000, limit: false, replayBatch: 512 });
    for (let count = 0; count < 20_000; count += 1) log('DEBUG', 'debug', { traceName: 'a' });
    log('ERROR', 'trigger', { traceName: 'a' });
    while (exporter.batches.length < 5) await turn();
    log('INFO', 'live', { traceName: 'b' });
    const before = exporter.batches.length;
    await burst.forceFlush();
    const at = exporter.batches.findIndex((batch) => batch.some((record) => record.body === 'live'));
    expect(at - before).toBeLessThanOrEqual(2);
  });
});

test('an exporter that hangs: the bound holds, quiet records are dropped first, and every ERROR arrives afterwards', async () => {
  const waiting: (() => void)[] = [];
  let isStuck = true;
  const exporter = exporterThat((accept) => (isStuck ? void waiting.push(accept) : accept()));
  const { log, burst } = pipeline({
    exporter,
    capacity: 5_000,
    maxBytes: 1_000_000,
    limit: false,
    after: false,
  });
  for (let round = 0; round < 20; round += 1) {
    for (let count = 0; count < 500; count += 1)
      log('DEBUG', `debug ${round} ${count}`, { traceName: `t${round}` });
    log('ERROR', `error ${round}`, { traceName: `t${round}` });
    log('INFO', `info ${round}`);
    await turn();
    const { holdingBytes, pendingBytes } = burst.stats();
    expect(holdingBytes + pendingBytes).toBeLessThanOrEqual(1_000_000);
  }
  isStuck = false;
  for (const accept of waiting) accept();
  await burst.forceFlush();
  const bodies = new Set(exporter.bodies());
  for (let round = 0; round < 20; round += 1) {
    expect([bodies.has(`error ${round}`), bodies.has(`info ${round}`)]).toEqual([true, true]);
  }
  const { evicted, failed } = burst.stats();
  expect(evicted.bytes + failed.bytes! + failed.queue_full!).toBeGreaterThan(5_000);
  expectAccountsBalance(burst.stats());
});

test('an exporter that fails for an hour, with unlimited retries: no ERROR is lost within the byte bound', async () => {
  let isDown = true;
  const exporter = exporterThat((accept, callback) =>
    isDown ? callback({ code: 1, error: unavailable }) : accept(),
  );
  const { log, burst, clock } = pipeline({
    exporter,
    capacity: 1_000,
    maxBytes: 500_000,
    delivery: { retry: { maxElapsedMillis: Number.POSITIVE_INFINITY } },
  });
  for (let minute = 0; minute < 60; minute += 1) {
    for (let count = 0; count < 50; count += 1)
      log('DEBUG', `debug ${minute} ${count}`, { traceName: `t${minute}` });
    log('ERROR', `error ${minute}`, { traceName: `t${minute}` });
    await turn();
    clock.advance(60_000);
    await turn();
  }
  isDown = false;
  const flushed = burst.forceFlush({ timeoutMillis: 120_000 });
  clock.advance(60_000);
  await flushed;
  const errors = exporter.bodies().filter((body) => body.startsWith('error'));
  expect(errors).toEqual(Array.from({ length: 60 }, (_, minute) => `error ${minute}`));
  expectAccountsBalance(burst.stats());
});

test('an exporter that fails for longer than the retry bound: what is dropped is counted and logged', async () => {
  const warnings: string[] = [];
  const note = (message: string) => void warnings.push(message);
  diag.setLogger(
    { error: note, warn: note, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN },
  );
  const exporter = exporterThat((_accept, callback) => callback({ code: 1, error: unavailable }));
  const { log, burst, clock } = pipeline({ exporter });
  log('ERROR', 'lost');
  await turn();
  for (let step = 0; step < 100; step += 1) {
    clock.advance(10_000);
    await turn();
  }
  diag.disable();
  expect(burst.stats()).toMatchObject({ delivered: 0, pending: 0, failed: { export: 1 } });
  expect(warnings.at(-1)).toMatch(
    /^BurstLogRecordProcessor: 1 record was lost \(export\): .*no further attempt: maxElapsedMillis \(300000\) has elapsed$/,
  );
});

test.each<[string, (accept: () => void, callback: Callback) => void, object]>([
  ['throws', () => void bad(), { unserializable: 1 }],
  [
    'refuses',
    (_accept, callback) => callback({ code: 1, error: new Error('3 INVALID_ARGUMENT') }),
    { export: 1 },
  ],
  ['calls back with nothing', (_accept, callback) => callback(undefined as never), { export: 1 }],
])('an exporter that %s loses its record, is counted, and blocks nothing', async (_what, behave, failed) => {
  let isBroken = true;
  const exporter = exporterThat((accept, callback) => (isBroken ? behave(accept, callback) : accept()));
  const { log, burst } = pipeline({ exporter });
  log('ERROR', 'lost');
  await burst.forceFlush();
  isBroken = false;
  log('ERROR', 'delivered');
  await burst.forceFlush();
  expect(exporter.bodies()).toEqual(['delivered']);
  expect(burst.stats().failed).toMatchObject(failed);
});

function bad(): never {
  throw new RangeError('Maximum call stack size exceeded');
}

test('an exporter that calls back twice counts once', async () => {
  const exporter = exporterThat((accept, callback) => {
    accept();
    callback({ code: 1, error: new Error('again') });
  });
  const { log, burst } = pipeline({ exporter });
  log('INFO', 'one');
  await burst.forceFlush();
  expect(burst.stats()).toMatchObject({ delivered: 1, pending: 0, failed: { export: 0 } });
});

test('shutdown uses its whole timeout for a replay, also when the clock is set back in the meantime', async () => {
  const exporter = exporterThat((accept) => void clock.after(250, accept));
  const { log, burst, clock } = pipeline({
    exporter,
    capacity: 20_000,
    limit: false,
    maxBytes: 1e9,
    delivery: { shutdownTimeoutMillis: 10_000 },
  });
  // 35 batches of a quarter of a second take nearly nine of ten seconds.
  for (let count = 0; count < 34 * 512; count += 1) log('DEBUG', `debug ${count}`);
  log('ERROR', 'failed');
  let isDone = false;
  const end = burst.shutdown().then(() => {
    isDone = true;
  });
  for (let step = 0; !isDone && step < 2_000; step += 1) {
    if (step === 20) clock.setForward(-3_600_000);
    await turn();
    clock.advance(5);
  }
  await end;
  expect(burst.stats()).toMatchObject({ released: 34 * 512, pending: 0, failed: { shutdown: 0 } });
});

test('an exporter that never calls back: shutdown ends within its timeout, the rest is counted', async () => {
  const exporter = exporterThat(() => {});
  const { log, burst, clock } = pipeline({ exporter });
  for (let count = 0; count < 1_000; count += 1) log('DEBUG', count);
  log('ERROR', 'stuck');
  await turn();
  let isDone = false;
  const end = burst.shutdown().then(() => {
    isDone = true;
  });
  for (let second = 0; second < 29; second += 1) {
    clock.advance(1_000);
    await turn();
  }
  expect(isDone).toBe(false);
  for (let second = 0; second < 2; second += 1) {
    clock.advance(1_000);
    await turn();
  }
  await end;
  expect(burst.stats()).toMatchObject({ pending: 0, delivered: 0 });
  expectAccountsBalance(burst.stats());
});

describe.each(FRONTS)('a big burst is moved in slices, so that emit() never blocks: %s', (front) => {
  const pipeline = pipelineOf(front);
  /** Delivered records are not held here any more, but in the batch processor. */
  const waiting = front === 'processor' ? 1 : 0;
  const recordBytes = front === 'processor' ? 430 : 214;
  const size = 8_000;
  function bursting(options: object = {}) {
    const exporter = exporterThat(slowly(1));
    const line = pipeline({
      exporter,
      capacity: size,
      maxBytes: 1e9,
      limit: false,
      after: false,
      ...options,
    });
    for (let count = 1; count <= size; count += 1) line.log('DEBUG', `debug ${count}`, { traceName: 'a' });
    line.log('ERROR', 'trigger', { traceName: 'a' });
    return { ...line, exporter };
  }
  const all = Array.from({ length: size }, (_, at) => `debug ${at + 1}`);
  const quiet = (bodies: readonly string[]) => bodies.filter((body) => body.startsWith('debug'));

  test('the counts are correct from the start', async () => {
    const { burst, exporter } = bursting();
    expect(burst.stats()).toMatchObject({ released: size, holding: 0, pending: size + waiting });
    expectAccountsBalance(burst.stats());
    await burst.forceFlush();
    expectEqual(quiet(exporter.bodies()), all);
    expectAccountsBalance(burst.stats());
  });

  test('a second burst in the meantime follows the first', async () => {
    const { burst, exporter, log } = bursting();
    log('DEBUG', 'debug more', { traceName: 'a' });
    log('DEBUG', 'debug other', { traceName: 'b' });
    log('ERROR', 'second trigger', { traceName: 'b' });
    await turn();
    log('ERROR', 'third trigger', { traceName: 'a' });
    await burst.forceFlush();
    expectEqual(quiet(exporter.bodies()), [...all, 'debug other', 'debug more']);
    expectAccountsBalance(burst.stats());
  });

  test('a shutdown in the meantime includes it', async () => {
    const { burst, exporter } = bursting();
    await burst.shutdown();
    expectEqual(quiet(exporter.bodies()), all);
    expectAccountsBalance(burst.stats());
  });

  test('its records do not expire in the meantime', async () => {
    const { burst, exporter, clock } = bursting({ maxAgeMillis: 1_000, idleMillis: 1_000 });
    clock.advance(100_000);
    await burst.forceFlush();
    expectEqual(quiet(exporter.bodies()), all);
  });

  test('if the byte bound is exceeded in the meantime, held records are evicted before released ones', async () => {
    const { burst, log, exporter } = bursting({ maxBytes: size * recordBytes + 20_000 });
    expect(burst.stats().failed.bytes).toBe(0);
    for (let count = 0; count < 200; count += 1) log('DEBUG', 'x'.repeat(500), { traceName: 'b' });
    expect(burst.stats().evicted.bytes).toBeGreaterThan(0);
    expectAccountsBalance(burst.stats());
    await burst.forceFlush();
    expectEqual(quiet(exporter.bodies()), all);
  });
});

test('a queue smaller than a batch of the replay accepts a complete burst', async () => {
  const exporter = exporterThat((accept) => accept());
  const { log, burst } = pipeline({ exporter, delivery: { maxQueueSize: 100 } });
  for (let count = 0; count < 1_000; count += 1) log('DEBUG', `debug ${count}`);
  log('ERROR', 'failed');
  await burst.forceFlush();
  expect(burst.stats()).toMatchObject({ released: 1_000, delivered: 1_002, failed: { queue_full: 0 } });
});

test('an exporter whose export() is async and rejects loses its batch, and does not terminate the process', async () => {
  const exporter = {
    async export(): Promise<void> {
      throw new Error('async');
    },
    shutdown: async () => {},
  };
  for (const delivery of [{ retry: false as const }, {}]) {
    const { log, burst } = pipeline({ exporter, delivery });
    log('ERROR', 'lost');
    await burst.forceFlush();
    expect(burst.stats()).toMatchObject({ pending: 0, failed: { export: 1 } });
  }
});
