import * as fc from 'fast-check';
import type { BurstExporterOptions, ReadableLogRecordLike } from '../../src/index.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { expectAccountsBalance, pipeline } from '../support/pipeline.ts';

/** A pipeline in which every error has its own trace with `held` records, and an explicit fingerprint. */
function errors(options: Partial<BurstExporterOptions> = {}) {
  const parts = pipeline({ after: false, idleMillis: 1e9, maxAgeMillis: 1e9, ...options });
  let traces = 0;
  /** @returns whether all of its records were released */
  async function fail(fingerprint: string, held = 10): Promise<boolean> {
    traces += 1;
    const traceName = `trace ${traces}`;
    for (let count = 0; count < held; count += 1) parts.log('DEBUG', 'step', { traceName });
    const before = parts.burst.stats().released;
    parts.log('ERROR', `error ${traces}`, { traceName, attributes: { 'error.fingerprint': fingerprint } });
    await parts.burst.forceFlush();
    const released = parts.burst.stats().released - before;
    if (released !== 0) expectEqual(released, held);
    return released === held;
  }
  async function failTimes(times: number, fingerprint: string): Promise<number> {
    let whole = 0;
    for (let count = 0; count < times; count += 1) if (await fail(fingerprint)) whole += 1;
    return whole;
  }
  const triggers = () => parts.exported().filter((record) => record.severityNumber === 17);
  const summaries = () => parts.exported().filter((record) => record.eventName === 'burst.limited');
  return { ...parts, fail, failTimes, triggers, summaries };
}

const MINUTE = 60_000;
const never = Number.POSITIVE_INFINITY;

describe('the reserve', () => {
  test('while the budget lasts, every burst is released, whatever its error', async () => {
    const { failTimes } = errors({ limit: { records: 100, millis: never, reserve: 0 } });
    expect(await failTimes(12, 'known')).toBe(10);
  });

  test('a known error leaves the reserve to new ones', async () => {
    const { failTimes, burst } = errors({ limit: { records: 100, millis: never } });
    expect(await failTimes(9, 'known')).toBe(5);
    expect(await failTimes(4, 'new')).toBe(3);
    expect(await failTimes(4, 'new too')).toBe(2);
    expectAccountsBalance(burst.stats());
  });

  test('the 10th, 100th, 1,000th occurrence of a known error may use it too', async () => {
    const { fail } = errors({ limit: { records: 10_000, millis: never, reserve: 0.999 } });
    const whole: number[] = [];
    for (let count = 1; count <= 1_001; count += 1) if (await fail('known')) whole.push(count);
    expect(whole).toEqual([1, 2, 3, 10, 100, 1_000]);
  });

  test('an error is new again when its bursts are more than ten minutes ago', async () => {
    const { failTimes, clock } = errors({ limit: { records: 1_000, millis: never, reserve: 1 } });
    expect(await failTimes(4, 'known')).toBe(3);
    clock.advance(10 * MINUTE);
    expect(await failTimes(1, 'known')).toBe(0);
    clock.advance(1);
    expect(await failTimes(4, 'known')).toBe(3);
  });

  test('records that pass after the burst of a new error may use it, those after another burst may not', async () => {
    const { fail, log, burst } = errors({ after: {}, limit: { records: 10, millis: never } });
    for (const body of ['1', '2', '3']) {
      await fail(body, 1);
      log('DEBUG', 'passed', { traceName: `trace ${body}` });
    }
    expect(burst.stats()).toMatchObject({ released: 3, passed: 3 });
    for (let count = 0; count < 4; count += 1) await fail('1', 0);
    log('DEBUG', 'passed', { traceName: 'trace 4' });
    log('DEBUG', 'not passed', { traceName: 'trace 7' });
    expect(burst.stats()).toMatchObject({ passed: 4, evicted: { limit: 1 } });
  });

  test('a quiet hour does not buy more than the bucket holds', async () => {
    const { failTimes, clock } = errors({ limit: { records: 100, millis: 1_000, reserve: 0 } });
    clock.advance(60 * MINUTE);
    expect(await failTimes(20, 'known')).toBe(10);
  });

  test('the bucket fills evenly', async () => {
    const { failTimes, clock } = errors({ limit: { records: 100, millis: 1_000, reserve: 0 } });
    expect(await failTimes(11, 'known')).toBe(10);
    clock.advance(99);
    expect(await failTimes(1, 'known')).toBe(0);
    clock.advance(1);
    expect(await failTimes(2, 'known')).toBe(1);
  });

  test('the default limit admits a full key', async () => {
    const { fail } = errors({ capacity: 60_010, maxBytes: 1e9 });
    expect(await fail('big', 60_010)).toBe(true);
  });
});

describe('a burst that is not admitted', () => {
  test('sends its trigger with fingerprint, count, and the id of the last burst of that error', async () => {
    const { failTimes, triggers, manifests } = errors({ limit: { records: 20, millis: never, reserve: 0 } });
    await failTimes(4, 'known');
    const [, second] = await manifests();
    expect(triggers().map((record) => record.attributes)).toEqual([
      { 'error.fingerprint': 'known', 'burst.id': expect.any(String), 'burst.trigger': 'severity' },
      { 'error.fingerprint': 'known', 'burst.id': expect.any(String), 'burst.trigger': 'severity' },
      {
        'error.fingerprint': 'known',
        'burst.fingerprint': 'known',
        'burst.repeat': 3,
        'burst.last_id': second!.attributes['burst.id'],
      },
      expect.objectContaining({ 'burst.repeat': 4, 'burst.last_id': second!.attributes['burst.id'] }),
    ]);
  });

  test('has no last burst id if there was no burst', async () => {
    const { fail, triggers } = errors({ limit: { records: 5, millis: never } });
    expect(await fail('too big')).toBe(false);
    expect(triggers()[0]!.attributes).toEqual({
      'error.fingerprint': 'too big',
      'burst.fingerprint': 'too big',
      'burst.repeat': 1,
    });
  });

  test('of a span evicts the held records, and is reported by the summary only', async () => {
    const { burst, log, clock, summaries } = errors({ limit: { records: 1, millis: never } });
    const spans = burst.spanProcessor();
    for (const body of ['1', '2']) log('DEBUG', body, { traceName: 'a' });
    const spanContext = { traceId: Buffer.from('a'.padEnd(16, '.')).toString('hex'), spanId: 'x' };
    const span = { name: 'GET /cart', spanContext: () => spanContext, status: { code: 2 }, duration: [0, 0] };
    spans.onStart(span, undefined as never);
    spans.onEnd(span);
    expect(burst.stats()).toMatchObject({ bursts: 0, holding: 0, evicted: { limit: 2 } });
    clock.advance(MINUTE);
    await burst.forceFlush();
    expect(summaries()).toHaveLength(1);
  });

  test('opens no after-window: later records are held, and released with a new error', async () => {
    const { log, bodies } = pipeline({ limit: { records: 2, millis: never } });
    for (const body of ['1', '2', '3']) log('DEBUG', body);
    log('ERROR', 'first');
    log('DEBUG', '4');
    log('ERROR', 'second', { attributes: { 'error.fingerprint': 'another' } });
    expect(await bodies()).toEqual(['first', 'second', '4']);
  });

  test('keeps the order in chronological order: waiting loud records are sent before the trigger', async () => {
    const { log, bodies, burst, exported } = pipeline({
      order: 'chronological',
      limit: { records: 1, millis: never },
    });
    log('DEBUG', 'quiet');
    log('INFO', 'loud');
    log('DEBUG', 'quiet too');
    log('ERROR', 'failed');
    log('INFO', 'after');
    expect(await bodies()).toEqual(['loud', 'failed', 'after']);
    expect(exported()[1]!.attributes).toMatchObject({ 'burst.repeat': 1 });
    expect(burst.stats()).toMatchObject({ discarded: 0, evicted: { limit: 2 } });
    expectAccountsBalance(burst.stats());
  });

  test('is never one of FATAL, or a manual one', async () => {
    const { log, burst, bodies } = pipeline({ limit: { records: 1, millis: never }, after: false });
    for (const body of ['1', '2']) log('DEBUG', body);
    log('FATAL', 'crashed');
    for (const body of ['3', '4']) log('DEBUG', body);
    burst.burst();
    expect(await bodies()).toEqual(['crashed', '1', '2', '3', '4']);
  });
});

describe('the summary', () => {
  test('reports once a minute, per error, how many bursts were not released, and their records', async () => {
    const { failTimes, summaries, clock, burst, manifests } = errors({
      limit: { records: 20, millis: never, reserve: 0 },
    });
    const start = clock.now();
    await failTimes(2, 'one');
    clock.advance(1_000);
    await failTimes(3, 'one');
    clock.advance(1_000);
    await failTimes(2, 'two');
    clock.advance(MINUTE - 1_001);
    await burst.forceFlush();
    expect(summaries()).toEqual([]);
    clock.advance(1);
    await burst.forceFlush();
    const [, lastOfOne] = await manifests();
    expect(summaries().map(({ attributes }) => attributes)).toEqual([
      {
        'burst.fingerprint': 'one',
        'burst.limited': 3,
        'burst.evicted.limit': 30,
        'burst.repeat': 5,
        'burst.last_id': lastOfOne!.attributes['burst.id'],
        'burst.first_time': new Date(start + 1_000).toISOString(),
        'burst.last_time': new Date(start + 1_000).toISOString(),
      },
      {
        'burst.fingerprint': 'two',
        'burst.limited': 2,
        'burst.evicted.limit': 20,
        'burst.repeat': 2,
        'burst.first_time': new Date(start + 2_000).toISOString(),
        'burst.last_time': new Date(start + 2_000).toISOString(),
      },
    ]);
    expect(summaries()[0]).toMatchObject({
      body: '3 bursts not released (limit), 30 records lost: one',
      severityNumber: 9,
      instrumentationScope: { name: 'burstlog' },
    });
    expectAccountsBalance(burst.stats());
  });

  test('counts since the last summary, and is omitted if there is nothing to report', async () => {
    const { fail, summaries, clock, burst } = errors({ limit: { records: 5, millis: never } });
    await fail('one');
    clock.advance(MINUTE);
    await fail('one');
    clock.advance(MINUTE);
    clock.advance(10 * MINUTE);
    await burst.forceFlush();
    expect(summaries().map(({ attributes }) => attributes['burst.limited'])).toEqual([1, 1]);
    expect(summaries().map(({ attributes }) => attributes['burst.repeat'])).toEqual([1, 2]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('is sent at shutdown at the latest', async () => {
    const { fail, burst, exporter } = errors({ limit: { records: 5, millis: never } });
    await fail('one');
    const names: unknown[] = [];
    exporter.export = (records, callback) => {
      names.push(...records.map((record) => record.eventName));
      callback({ code: 0 });
    };
    await burst.shutdown();
    expect(names).toEqual(['burst.limited']);
    expectAccountsBalance(burst.stats());
  });

  test('of errors that were evicted from the table is one for all', async () => {
    const { fail, summaries, clock, burst } = errors({
      limit: { records: 1, millis: never },
      maxBytes: 1e9,
    });
    for (let count = 0; count < 4_100; count += 1) await fail(`error ${count}`, 2);
    clock.advance(MINUTE);
    await burst.forceFlush();
    expect(summaries()).toHaveLength(4_097);
    expect(summaries().at(-1)).toMatchObject({
      body: '4 bursts not released (limit), 8 records lost: other errors',
      attributes: { 'burst.limited': 4, 'burst.evicted.limit': 8 },
    });
    expect(summaries()[0]!.attributes['burst.fingerprint']).toBe('error 4');
  });
});

test('the 4,096 errors that were seen last are kept', async () => {
  const { fail } = errors({ limit: { records: 1e6, millis: never, reserve: 1 } });
  for (let count = 0; count < 3; count += 1) await fail('first');
  for (let count = 0; count < 3; count += 1) await fail('second');
  expect([await fail('first'), await fail('second')]).toEqual([false, false]);
  for (let count = 0; count < 4_094; count += 1) await fail(`error ${count}`, 1);
  expect(await fail('first')).toBe(false);
  await fail('one more', 1);
  expect(await fail('second')).toBe(true);
}, 30_000);

test('a service below the limit sees no difference', async () => {
  const withoutIds = (records: readonly ReadableLogRecordLike[]) => {
    const ids = new Map<unknown, string>();
    return records.map(({ body, attributes }) => {
      const id = attributes['burst.id'];
      if (id !== undefined && !ids.has(id)) ids.set(id, `burst ${ids.size}`);
      return { body, attributes: { ...attributes, 'burst.id': ids.get(id) } };
    });
  };
  const step = fc.record({
    severity: fc.constantFrom('DEBUG' as const, 'DEBUG' as const, 'INFO' as const, 'ERROR' as const),
    traceName: fc.constantFrom('a', 'b', 'c'),
    millis: fc.integer({ min: 0, max: 4_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), async (steps) => {
      const outcomes = [];
      for (const limit of [{}, false] as const) {
        const { log, clock, burst, exported } = pipeline({ limit });
        for (const { severity, traceName, millis } of steps) {
          log(severity, `of ${traceName}`, { traceName, timestamp: clock.now() });
          clock.advance(millis);
        }
        await burst.forceFlush();
        outcomes.push({ exported: withoutIds(exported()), stats: burst.stats() });
      }
      expect(outcomes[0]).toEqual(outcomes[1]);
    }),
    { numRuns: 50 },
  );
});
