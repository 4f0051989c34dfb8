import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { systemClock } from '../../src/record/clock.ts';
import { Severity } from '../../src/record/severity.ts';
import { task, to } from '../../src/task/task-forms.ts';
import { expectAccountsBalance, FRONTS, inTrace, pipelineOf, traceIdOf } from '../support/pipeline.ts';
import { needs } from '../support/sdk-abilities.ts';

describe.each(FRONTS)('%s', (front) => {
  const pipeline = pipelineOf(front);

  describe('export of quiet and loud records', () => {
    test('a quiet record is held, and nothing is exported without a trigger', async () => {
      const { log, bodies, burst } = pipeline();
      log('DEBUG', 'quiet');
      expect(await bodies()).toEqual([]);
      expect(burst.stats()).toMatchObject({ held: 1, holding: 1, live: 0 });
    });

    test('a loud record is exported at once and releases nothing', async () => {
      const { log, bodies } = pipeline();
      log('DEBUG', 'quiet');
      log('INFO', 'loud');
      log('WARN', 'louder');
      expect(await bodies()).toEqual(['loud', 'louder']);
    });

    test('an error is exported first and releases the quiet records before it, in order', async () => {
      const { log, bodies } = pipeline();
      log('DEBUG', 'first');
      log('TRACE', 'second');
      log('DEBUG4', 'third');
      log('ERROR', 'failed');
      expect(await bodies()).toEqual(['failed', 'first', 'second', 'third']);
    });

    test('a record without severity is never held', async () => {
      const { log, bodies } = pipeline();
      log(undefined, 'unspecified');
      log(0, 'zero');
      expect(await bodies()).toEqual(['unspecified', 'zero']);
    });

    needs('times before its start')(
      'a released record keeps its time, trace, logger, attributes, event name and resource',
      async () => {
        const { log, find, clock } = pipeline();
        log('DEBUG', 'quiet', {
          traceName: 'a',
          timestamp: clock.now() - 5_000,
          attributes: { 'http.route': '/cart', items: [1, 2] },
          eventName: 'cart.read',
          loggerName: 'shop',
        });
        log('ERROR', 'failed', { traceName: 'a' });
        const record = await find('quiet');
        expect(record.hrTime[0]).toBe(Math.floor((clock.now() - 5_000) / 1000));
        expect(record.spanContext?.traceId).toBe(traceIdOf('a'));
        expect(record.instrumentationScope.name).toBe('shop');
        expect(record.eventName).toBe('cart.read');
        expect(record.attributes).toMatchObject({ 'http.route': '/cart', items: [1, 2] });
        expect(record.resource).toBe((await find('failed')).resource);
      },
    );

    test('an object body has the values of the time when it was emitted', async () => {
      const { log, find, burst, exported } = pipeline();
      const cart = { items: ['book'] };
      log('DEBUG', cart);
      cart.items.push('pen');
      log('ERROR', 'failed');
      await find('failed');
      await burst.forceFlush();
      expect(exported().map((record) => record.body)).toContainEqual({ items: ['book'] });
    });
  });

  describe('a burst is an object', () => {
    test('released records have the id of the burst and their position in it, the trigger its cause', async () => {
      const { log, find } = pipeline();
      log('DEBUG', 'first');
      log('DEBUG', 'second');
      log('ERROR', 'failed');
      const id = (await find('failed')).attributes['burst.id'];
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect((await find('failed')).attributes).toEqual({ 'burst.id': id, 'burst.trigger': 'severity' });
      expect((await find('first')).attributes).toEqual({ 'burst.id': id, 'burst.sequence': 1 });
      expect((await find('second')).attributes).toEqual({ 'burst.id': id, 'burst.sequence': 2 });
    });

    needs('times before its start')(
      'a manifest comes last and has trigger, counts, losses and time span',
      async () => {
        const { log, burst, exported, clock } = pipeline({ capacity: 2 });
        const start = clock.now();
        for (const body of ['lost', 'first', 'second']) {
          log('DEBUG', body, { traceName: 'a', loggerName: 'shop', timestamp: clock.now() });
          clock.advance(1_000);
        }
        log('ERROR', 'failed', { traceName: 'a' });
        await burst.forceFlush();
        const manifest = exported().at(-1)!;
        expect(manifest).toMatchObject({
          eventName: 'burst.released',
          severityNumber: Severity.INFO,
          instrumentationScope: { name: 'burstlog' },
          attributes: {
            'burst.trigger': 'severity',
            'burst.released': 2,
            'burst.evicted.capacity': 1,
            'burst.first_time': new Date(start + 1_000).toISOString(),
            'burst.last_time': new Date(start + 2_000).toISOString(),
          },
        });
        expect(manifest.attributes['burst.id']).toBe(exported()[0]!.attributes['burst.id']);
        expect(manifest.spanContext?.traceId).toBe(traceIdOf('a'));
        expect(manifest.resource).toBe(exported()[0]!.resource);
      },
    );

    test('a burst that releases nothing has neither id nor manifest', async () => {
      const { log, find, manifests } = pipeline();
      log('ERROR', 'failed');
      expect((await find('failed')).attributes).toEqual({});
      expect(await manifests()).toEqual([]);
    });

    test('a second trigger in the after-window joins the open burst: same id, no second manifest', async () => {
      const { log, find, manifests, burst } = pipeline();
      log('DEBUG', 'quiet');
      log('ERROR', 'first error');
      log('ERROR', 'second error');
      const first = await find('first error');
      const second = await find('second error');
      expect(second.attributes).toEqual(first.attributes);
      expect(await manifests()).toHaveLength(1);
      expect(burst.stats()).toMatchObject({ bursts: 1, joined: 1 });
    });

    test('the evictions in a manifest are those since the previous burst', async () => {
      const { log, manifests } = pipeline({ capacity: 1, after: false });
      for (const body of ['lost', 'kept']) log('DEBUG', body);
      log('ERROR', 'one');
      log('DEBUG', 'kept too');
      log('ERROR', 'two');
      const [one, two] = await manifests();
      expect(one!.attributes['burst.evicted.capacity']).toBe(1);
      expect(two!.attributes).not.toHaveProperty('burst.evicted.capacity');
    });
  });

  describe('triggers', () => {
    needs('emit({ exception })')('a record with exception.type and no severity is a trigger', async () => {
      const { log, bodies, find } = pipeline();
      log('DEBUG', 'quiet');
      log(undefined, 'threw', { exception: new TypeError('broken') });
      expect(await bodies()).toEqual(['threw', 'quiet']);
      expect((await find('threw')).attributes['burst.trigger']).toBe('exception');
    });

    needs('emit({ exception })')(
      'with exceptions: true a quiet record with exception.type is a trigger, and is exported',
      async () => {
        const { log, bodies } = pipeline({ triggers: { exceptions: true } });
        log('DEBUG', 'quiet');
        log('DEBUG', 'threw', { exception: new TypeError('broken') });
        expect(await bodies()).toEqual(['threw', 'quiet']);
      },
    );

    test('without it, it is held like any other', async () => {
      const { log, bodies } = pipeline();
      log('DEBUG', 'threw', { exception: new TypeError('broken') });
      expect(await bodies()).toEqual([]);
    });

    test('a predicate makes a trigger of any record', async () => {
      const { log, bodies, find } = pipeline({
        triggers: { when: (record) => record.attributes['http.response.status_code'] === 503 },
      });
      log('DEBUG', 'quiet');
      log('DEBUG', 'answered', { attributes: { 'http.response.status_code': 503 } });
      expect(await bodies()).toEqual(['answered', 'quiet']);
      expect((await find('answered')).attributes['burst.trigger']).toBe('predicate');
    });

    test('burstLevel is the lowest severity that is a trigger', async () => {
      const { log, bodies } = pipeline({ burstLevel: 'WARN' });
      log('DEBUG', 'quiet');
      log('WARN', 'warned');
      expect(await bodies()).toEqual(['warned', 'quiet']);
    });
  });

  describe('a severity that is only a text, as emitted by winston', () => {
    test('is held if it is quiet, and triggers if it is loud enough', async () => {
      const { log, bodies, burst } = pipeline();
      log(undefined, 'of a request that went well', { severityText: 'trace', traceName: 'a' });
      log(undefined, 'quiet', { severityText: 'debug' });
      log(undefined, 'loud', { severityText: 'info' });
      log(undefined, 'database is gone', { severityText: 'fatal' });
      expect(await bodies()).toEqual(['loud', 'database is gone', 'quiet']);
      expect(burst.stats().holding).toBe(1);
    });

    test('is refused below level', async () => {
      const { log, bodies, burst } = pipeline({ level: 'INFO' });
      log(undefined, 'quiet', { severityText: 'Debug' });
      log(undefined, 'failed', { severityText: 'Error' });
      expect(await bodies()).toEqual(['failed']);
      expect(burst.stats().held).toBe(0);
    });

    test('determines that the loudest is dropped last', async () => {
      const { log, bodies } = pipeline({ delivery: { maxQueueSize: 1, maxExportBatchSize: 1 } });
      log(undefined, 'failed', { severityText: 'error' });
      log('INFO', 'loud');
      expect(await bodies()).toEqual(['failed']);
    });
  });

  describe('scopes', () => {
    test('only the trace that failed bursts', async () => {
      const { log, bodies } = pipeline();
      log('DEBUG', 'of a', { traceName: 'a' });
      log('DEBUG', 'of b', { traceName: 'b' });
      log('DEBUG', 'of none');
      log('ERROR', 'a failed', { traceName: 'a' });
      expect(await bodies()).toEqual(['a failed', 'of a']);
    });

    test('records without a trace share a bucket', async () => {
      const { log, bodies } = pipeline();
      log('DEBUG', 'start-up');
      log('DEBUG', 'of a', { traceName: 'a' });
      log('ERROR', 'failed');
      expect(await bodies()).toEqual(['failed', 'start-up']);
    });

    test('in the global scope everything bursts', async () => {
      const { log, bodies } = pipeline({ scope: 'global' });
      log('DEBUG', 'of a', { traceName: 'a' });
      log('DEBUG', 'of b', { traceName: 'b' });
      log('ERROR', 'a failed', { traceName: 'a' });
      expect(await bodies()).toEqual(['a failed', 'of a', 'of b']);
    });

    test('a function decides by record and context; undefined and a throw mean the shared bucket', async () => {
      const { log, bodies } = pipeline({
        scope: (record) => {
          if (record.attributes.tenant === 'bad') throw new Error('no such tenant');
          return record.attributes.tenant as string | undefined;
        },
      });
      log('DEBUG', 'one', { attributes: { tenant: 'one' } });
      log('DEBUG', 'two', { attributes: { tenant: 'two' } });
      log('DEBUG', 'none');
      log('DEBUG', 'bad', { attributes: { tenant: 'bad' } });
      log('ERROR', 'one failed', { attributes: { tenant: 'one' } });
      log('ERROR', 'none failed');
      expect(await bodies()).toEqual(['one failed', 'none failed', 'one', 'none', 'bad']);
    });
  });

  describe('levels', () => {
    needs('logger.enabled()')(
      'a record below level is refused: the SDK does not make it, and nothing counts it',
      async () => {
        const { provider, log, bodies, burst } = pipeline({ level: 'DEBUG' });
        expect(provider.getLogger('x').enabled({ severityNumber: Severity.TRACE4 })).toBe(false);
        expect(provider.getLogger('x').enabled({ severityNumber: Severity.DEBUG })).toBe(true);
        log('TRACE', 'refused');
        log('ERROR', 'failed');
        expect(await bodies()).toEqual(['failed']);
        expect(burst.stats().held).toBe(0);
      },
    );

    needs('logger.enabled()')(
      'each logger has its own level; the longest pattern that fits counts',
      async () => {
        const { provider, log, bodies } = pipeline({
          level: { default: 'DEBUG', 'noisy.*': 'INFO', 'noisy.but.*': 'TRACE', exact: 'INFO' },
        });
        const asks = (name: string, severityNumber: number) =>
          provider.getLogger(name).enabled({ severityNumber });
        expect(asks('other', Severity.TRACE)).toBe(false);
        expect(asks('other', Severity.DEBUG)).toBe(true);
        expect(asks('noisy.http', Severity.DEBUG)).toBe(false);
        expect(asks('noisy.but.useful', Severity.TRACE)).toBe(true);
        expect(asks('exact', Severity.DEBUG4)).toBe(false);
        log('DEBUG', 'noise', { loggerName: 'noisy.http' });
        log('DEBUG', 'detail', { loggerName: 'other' });
        log('ERROR', 'failed');
        expect(await bodies()).toEqual(['failed', 'detail']);
      },
    );

    needs('logger.enabled()')('a record without severity is enabled whatever the level', () => {
      const { provider } = pipeline({ level: 'INFO' });
      expect(provider.getLogger('x').enabled({})).toBe(true);
    });
  });

  describe('bounds', () => {
    test('over capacity the oldest record of the key is evicted, one by one', async () => {
      const { log, bodies, burst } = pipeline({ capacity: 3 });
      for (const body of ['1', '2', '3', '4', '5']) log('DEBUG', body, { traceName: 'a' });
      log('DEBUG', 'other', { traceName: 'b' });
      log('ERROR', 'failed', { traceName: 'a' });
      expect(await bodies()).toEqual(['failed', '3', '4', '5']);
      expect(burst.stats()).toMatchObject({ evicted: { capacity: 2 }, holding: 1 });
    });

    test('with a threshold the oldest records are evicted until that share remains', () => {
      const { log, burst } = pipeline({ capacity: 10, threshold: 0.8 });
      for (let count = 0; count < 11; count += 1) log('DEBUG', count);
      expect(burst.stats()).toMatchObject({ holding: 8, evicted: { capacity: 3 } });
    });

    test('over maxBytes the oldest records of the whole process are evicted first', async () => {
      const { log, bodies, burst } = pipeline({ maxBytes: 10_000, maxRecordBytes: 3_000 });
      log('DEBUG', 'oldest', { traceName: 'a' });
      for (let count = 0; count < 5; count += 1) log('DEBUG', 'x'.repeat(1_000), { traceName: 'b' });
      log('ERROR', 'failed', { traceName: 'a' });
      expect(await bodies()).toEqual(['failed']);
      expect(burst.stats().evicted.bytes).toBeGreaterThanOrEqual(2);
      expect(burst.stats().holdingBytes).toBeLessThanOrEqual(10_000);
    });

    test('a key whose records were evicted by maxBytes reports it in its next manifest', async () => {
      const { log, manifests } = pipeline({ maxBytes: 10_000, maxRecordBytes: 9_000 });
      log('DEBUG', 'lost', { traceName: 'a' });
      log('DEBUG', 'x'.repeat(4_200), { traceName: 'b' });
      log('DEBUG', 'x'.repeat(100), { traceName: 'b' });
      log('ERROR', 'b failed', { traceName: 'b' });
      log('DEBUG', 'kept', { traceName: 'a' });
      log('ERROR', 'a failed', { traceName: 'a' });
      const [ofB, ofA] = await manifests();
      expect(ofB!.attributes).not.toHaveProperty('burst.evicted.bytes');
      expect(ofA!.attributes).toMatchObject({ 'burst.released': 1, 'burst.evicted.bytes': 1 });
    });

    test('a quiet record over maxRecordBytes is not held, but counted', () => {
      const { log, burst } = pipeline({ maxBytes: 100_000, maxRecordBytes: 1_000 });
      log('DEBUG', 'x'.repeat(1_000));
      log('DEBUG', { text: 'x'.repeat(1_000) });
      expect(burst.stats()).toMatchObject({ held: 2, holding: 0, evicted: { size: 2 } });
    });

    test('a held record that is too old is not released by an error', async () => {
      const { log, bodies, clock, burst } = pipeline({ maxAgeMillis: 1_000, idleMillis: 1_000_000 });
      log('DEBUG', 'last week');
      clock.advance(900);
      log('DEBUG', 'just now');
      clock.advance(200);
      log('ERROR', 'failed');
      expect(await bodies()).toEqual(['failed', 'just now']);
      expect(burst.stats().evicted.age).toBe(1);
    });

    test('a record that is too old is evicted without another record', () => {
      const { log, clock, burst } = pipeline({ maxAgeMillis: 1_000 });
      log('DEBUG', 'old');
      clock.advance(2_000);
      expect(burst.stats()).toMatchObject({ holding: 0, keys: 0, evicted: { age: 1 } });
    });

    test('an idle trace is evicted, the shared bucket is not', () => {
      const { log, clock, burst } = pipeline({ idleMillis: 1_000 });
      log('DEBUG', 'of a', { traceName: 'a' });
      log('DEBUG', 'start-up');
      clock.advance(3_000);
      expect(burst.stats()).toMatchObject({ holding: 1, keys: 1, evicted: { idle: 1 } });
    });

    test('no timer is left when nothing is held', () => {
      const { log, clock, burst } = pipeline({ idleMillis: 1_000 });
      log('DEBUG', 'of a', { traceName: 'a' });
      clock.advance(10_000);
      expect(burst.stats().keys).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    });
  });

  describe('the after-window', () => {
    test('after its burst a key passes quiet records at once, with the id of the burst', async () => {
      const { log, find, bodies } = pipeline();
      log('DEBUG', 'before', { traceName: 'a' });
      log('ERROR', 'failed', { traceName: 'a' });
      log('DEBUG', 'after', { traceName: 'a' });
      log('DEBUG', 'other', { traceName: 'b' });
      expect((await bodies()).sort()).toEqual(['after', 'before', 'failed']);
      const id = (await find('failed')).attributes['burst.id'];
      expect((await find('after')).attributes).toEqual({ 'burst.id': id });
    });

    test('it ends after a number of records', async () => {
      const { log, bodies, burst } = pipeline({ after: { records: 2 } });
      log('ERROR', 'failed');
      for (const body of ['1', '2', '3']) log('DEBUG', body);
      expect(await bodies()).toEqual(['failed', '1', '2']);
      expect(burst.stats()).toMatchObject({ passed: 2, holding: 1 });
    });

    test('it ends after a time, and then the key holds and bursts again', async () => {
      const { log, bodies, clock, manifests } = pipeline({ after: { millis: 1_000 } });
      log('DEBUG', 'before');
      log('ERROR', 'failed');
      clock.advance(999);
      log('DEBUG', 'within');
      clock.advance(1);
      log('DEBUG', 'past');
      expect(await bodies()).toEqual(['failed', 'within', 'before']);
      log('ERROR', 'failed again');
      expect(await bodies()).toEqual(['failed', 'within', 'before', 'failed again', 'past']);
      expect(await manifests()).toHaveLength(2);
    });

    test('a second trigger does not renew it', async () => {
      const { log, bodies, clock } = pipeline({ after: { millis: 1_000 } });
      log('ERROR', 'one');
      clock.advance(900);
      log('ERROR', 'two');
      clock.advance(200);
      log('DEBUG', 'held');
      expect(await bodies()).toEqual(['one', 'two']);
    });

    test('with false the key holds again at once', async () => {
      const { log, bodies } = pipeline({ after: false });
      log('ERROR', 'failed');
      log('DEBUG', 'held');
      expect(await bodies()).toEqual(['failed']);
    });
  });

  describe('the limit', () => {
    test('a burst that it does not admit releases nothing: the held records are evicted', async () => {
      const { log, bodies, burst, manifests } = pipeline({ limit: { records: 2, millis: 60_000 } });
      for (const body of ['1', '2', '3']) log('DEBUG', body);
      log('ERROR', 'failed');
      expect(await bodies()).toEqual(['failed']);
      expect(await manifests()).toEqual([]);
      expect(burst.stats()).toMatchObject({ bursts: 0, released: 0, evicted: { limit: 3 } });
      expectAccountsBalance(burst.stats());
    });

    test('after that the key holds again at once, and its next burst reports what was evicted', async () => {
      const { log, bodies, manifests } = pipeline({ limit: { records: 2, millis: 60_000 } });
      for (const body of ['1', '2', '3']) log('DEBUG', body);
      log('ERROR', 'failed');
      log('DEBUG', '4');
      log('ERROR', 'failed for another reason');
      expect(await bodies()).toEqual(['failed', 'failed for another reason', '4']);
      expect((await manifests())[0]!.attributes['burst.evicted.limit']).toBe(3);
    });

    test('it applies to passing records, too, and refills with time', async () => {
      const { log, bodies, clock, burst } = pipeline({
        limit: { records: 2, millis: 2_000 },
        after: { millis: 100_000 },
      });
      log('ERROR', 'failed');
      for (const body of ['1', '2', '3']) log('DEBUG', body);
      clock.advance(1_000);
      log('DEBUG', '4');
      expect(await bodies()).toEqual(['failed', '1', '2', '4']);
      expectAccountsBalance(burst.stats());
    });

    test('infinite records are no limit, an infinite time is one', async () => {
      const endless = pipeline({ limit: { records: Number.POSITIVE_INFINITY } });
      for (const body of ['1', '2', '3']) endless.log('DEBUG', body);
      endless.log('ERROR', 'failed');
      expect(await endless.bodies()).toEqual(['failed', '1', '2', '3']);
      expect((await endless.manifests())[0]!.attributes['burst.released']).toBe(3);
      const once = pipeline({ limit: { records: 1, millis: Number.POSITIVE_INFINITY }, after: false });
      once.log('DEBUG', '1');
      once.log('ERROR', 'failed');
      expect(await once.bodies()).toEqual(['failed', '1']);
      once.clock.advance(1e9);
      once.log('DEBUG', '2');
      once.log('ERROR', 'failed again');
      expect(await once.bodies()).toEqual(['failed', '1', 'failed again']);
    });

    test('a FATAL record and a manual call are not limited', async () => {
      const { log, bodies, burst } = pipeline({ limit: { records: 1 }, after: false });
      for (const body of ['1', '2', '3']) log('DEBUG', body);
      log('FATAL', 'crashed');
      for (const body of ['4', '5', '6']) log('DEBUG', body);
      expect(burst.burst()).toMatchObject({ released: 3 });
      expect(await bodies()).toEqual(['crashed', '1', '2', '3', '4', '5', '6']);
    });
  });

  describe('scope task', () => {
    /** Three tasks at the same time; a step of the second one fails. */
    async function goals() {
      const { log, burst, bodies } = pipeline({ scope: 'task' });
      const order = (name: string) =>
        task('serve order', async () => {
          log('DEBUG', `${name}: began`);
          await null;
          await to('charge', async () => {
            log('DEBUG', `${name}: charging`);
            await null;
            if (name === 'second') log('ERROR', 'no credit');
          });
          burst.discard();
        });
      await Promise.all([order('first'), order('second'), order('third')]);
      return bodies();
    }

    test('the records of a root task and of all its steps share a buffer', async () => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      try {
        expect(await goals()).toEqual(['no credit', 'second: began', 'second: charging']);
      } finally {
        context.disable();
      }
    });

    test('also if no context manager is registered', async () => {
      const { log, bodies } = pipeline({ scope: 'task' });
      await task('first', async () => {
        log('DEBUG', 'of the first');
        await task('second', async () => {
          log('DEBUG', 'of the second');
          await null;
          await to('step', () => log('ERROR', 'failed'));
        });
      });
      expect(await bodies()).toEqual(['failed', 'of the second']);
    });

    test('outside of tasks the key is the trace', async () => {
      const { log, bodies } = pipeline({ scope: 'task' });
      log('DEBUG', 'of a', { traceName: 'a' });
      log('DEBUG', 'of none');
      log('ERROR', 'a failed', { traceName: 'a' });
      expect(await bodies()).toEqual(['a failed', 'of a']);
    });
  });

  describe('manual calls', () => {
    beforeAll(() => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    });
    afterAll(() => context.disable());

    test('burst() releases the key of the active context, with its reason in the manifest', async () => {
      const { log, burst, bodies, manifests } = pipeline();
      log('DEBUG', 'of a', { traceName: 'a' });
      log('DEBUG', 'of b', { traceName: 'b' });
      const result = context.with(inTrace('a'), () => burst.burst({ reason: 'asked by support' }));
      expect(result).toEqual({ id: expect.any(String), released: 1 });
      expect(await bodies()).toEqual(['of a']);
      expect((await manifests())[0]!.attributes).toMatchObject({
        'burst.id': result!.id,
        'burst.trigger': 'manual',
        'burst.reason': 'asked by support',
      });
    });

    test('burst({ keys: "all" }) releases everything as one burst, in order of arrival', async () => {
      const { log, burst, bodies, manifests } = pipeline();
      for (const [body, traceName] of [
        ['1', 'a'],
        ['2', 'b'],
        ['3', 'a'],
        ['4', 'b'],
      ] as const) {
        log('DEBUG', body, { traceName });
      }
      expect(burst.burst({ keys: 'all' })?.released).toBe(4);
      expect(await bodies()).toEqual(['1', '2', '3', '4']);
      expect(await manifests()).toHaveLength(1);
    });

    test('burst() with nothing held returns undefined', () => {
      expect(pipeline().burst.burst()).toBeUndefined();
    });

    test('burst() of a key whose records were released returns undefined, and creates no manifest', async () => {
      const { log, burst, clock, manifests } = pipeline();
      log('DEBUG', 'quiet', { traceName: 'a' });
      log('ERROR', 'failed', { traceName: 'a' });
      clock.advance(10_001);
      expect(burst.burst({ keys: 'all' })).toBeUndefined();
      expect(await manifests()).toHaveLength(1);
    });

    test('burst() and discard() accept the names of keys', async () => {
      const { log, burst, bodies, manifests } = pipeline({
        scope: (record) => record.attributes.job as string | undefined,
      });
      for (const job of ['one', 'two', 'three', undefined, 'one']) {
        log('DEBUG', `of ${job}`, { attributes: job === undefined ? {} : { job } });
      }
      expect(burst.discard({ keys: ['two', 'unknown'] })).toBe(1);
      expect(burst.burst({ keys: ['unknown'] })).toBeUndefined();
      expect(burst.burst({ keys: ['three', '', 'three'] })).toMatchObject({ released: 2 });
      expect(burst.burst({ keys: ['one'] })).toMatchObject({ released: 2 });
      expect(await bodies()).toEqual(['of three', 'of undefined', 'of one', 'of one']);
      expect(await manifests()).toHaveLength(2);
      expectAccountsBalance(burst.stats());
    });

    test.each([5, 'some', [5], null])('keys of %p are refused', (keys) => {
      const { burst } = pipeline();
      const message = 'keys must be "active", "all" or an array of strings';
      expect(() => burst.discard({ keys: keys as 'all' })).toThrow(message);
      expect(() => burst.burst({ keys: keys as 'all' })).toThrow(message);
    });

    test('discard() discards held records at the successful end of a job', async () => {
      const { log, burst, bodies } = pipeline({ scope: 'global' });
      log('DEBUG', 'of the first job');
      expect(burst.discard()).toBe(1);
      log('ERROR', 'the second job failed');
      expect(await bodies()).toEqual(['the second job failed']);
      expect(burst.stats()).toMatchObject({ discarded: 1, holding: 0 });
    });

    test('with a scope function the active key is computed from the context', async () => {
      const tenantOf = (given: Parameters<typeof trace.getSpanContext>[0]) =>
        trace.getSpanContext(given)?.traceId;
      const { log, burst, bodies } = pipeline({ scope: (_record, given) => tenantOf(given) });
      log('DEBUG', 'of a', { traceName: 'a' });
      log('DEBUG', 'of b', { traceName: 'b' });
      context.with(inTrace('b'), () => burst.burst());
      expect(await bodies()).toEqual(['of b']);
    });
  });

  describe('ends', () => {
    test('forceFlush keeps quiet records held', async () => {
      const { log, burst } = pipeline();
      log('DEBUG', 'quiet');
      await burst.forceFlush();
      expect(burst.stats().holding).toBe(1);
    });

    test('forceFlush and shutdown end under fake timers', async () => {
      jest.useFakeTimers();
      try {
        const { log, burst, exporter } = pipeline({ capacity: 5_000, clock: systemClock });
        for (let count = 0; count < 5_000; count += 1) log('DEBUG', count);
        log('ERROR', 'failed');
        await burst.forceFlush();
        expect(exporter.getFinishedLogRecords()).toHaveLength(5_002);
        log('INFO', 'loud');
        await burst.shutdown();
        expect(burst.stats()).toMatchObject({ delivered: 5_003, pending: 0 });
      } finally {
        jest.useRealTimers();
      }
    });

    test('forceFlush waits for a replay of any size', async () => {
      const { log, burst, exporter } = pipeline({ capacity: 20_000, replayBatch: 100 });
      for (let count = 0; count < 5_000; count += 1) log('DEBUG', count);
      log('ERROR', 'failed');
      await burst.forceFlush();
      expect(exporter.getFinishedLogRecords()).toHaveLength(5_002);
    });

    test('shutdown delivers loud and released records and evicts quiet ones', async () => {
      const { log, burst, exporter, provider } = pipeline({ after: false });
      const exported: unknown[] = [];
      exporter.export = (records, callback) => {
        exported.push(...records.map((record) => record.body));
        callback({ code: 0 });
      };
      log('DEBUG', 'released');
      log('ERROR', 'failed');
      log('INFO', 'loud');
      log('DEBUG', 'quiet');
      await Promise.all([provider.shutdown(), burst.shutdown()]);
      expect(exported).toEqual(['failed', 'loud', 'released', 'burst released 1 record (severity), 0 lost']);
      expect(burst.stats()).toMatchObject({ holding: 0, pending: 0, evicted: { shutdown: 1 } });
      expectAccountsBalance(burst.stats());
    });

    test('after shutdown no timer is left', async () => {
      const { log, burst, clock } = pipeline({ limit: { records: 1, millis: 1_000 } });
      for (const body of ['1', '2']) log('DEBUG', body, { traceName: 'a' });
      log('ERROR', 'failed', { traceName: 'a' });
      log('DEBUG', 'held');
      log('INFO', 'loud');
      expect(clock.pendingTimers).toBeGreaterThan(1);
      await burst.shutdown();
      expect(clock.pendingTimers).toBe(0);
    });

    test('after shutdown records are ignored, and forceFlush resolves', async () => {
      const { burst, log, exported } = pipeline();
      await burst.shutdown();
      log('ERROR', 'failed');
      log('DEBUG', 'quiet');
      await burst.forceFlush();
      expect(exported()).toEqual([]);
      expect(burst.stats()).toMatchObject({ held: 0, live: 0 });
    });
  });
});
