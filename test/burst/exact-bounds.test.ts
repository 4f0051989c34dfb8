/** Each bound of a burst, exact to the byte and to the millisecond. */
import { context, createContextKey, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { Severity, VALUE_BYTES } from '../../src/record/index.ts';
import { attributesSize } from '../../src/record/size.ts';
import { listen } from '../support/diag-listener.ts';
import {
  expectAccountsBalance,
  FRONTS,
  inTrace,
  pipelineOf,
  traceIdOf,
  wrapping,
} from '../support/pipeline.ts';

let warnings: string[];

beforeEach(() => {
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(() => diag.disable());

describe.each(FRONTS)('%s', (front) => {
  const pipeline = pipelineOf(front);
  /** The size of a held record without body and attributes. */
  const EMPTY_BYTES = front === 'processor' ? attributesSize({}) : 184;

  describe('a held record', () => {
    test.each<[string, unknown, Record<string, unknown>, number]>([
      ['nothing', undefined, {}, 0],
      ['a text: two bytes a character', 'abcde', {}, 10],
      ['a number', 5, {}, 0],
      ['an attribute', undefined, { a: 1 }, VALUE_BYTES],
      ['two of them, one a text', undefined, { a: 1, b: 'abc' }, 2 * VALUE_BYTES + 6],
      ['a text and an attribute', 'ab', { a: true }, 4 + VALUE_BYTES],
    ])('with %s has exactly that size', (_name, body, attributes, bytes) => {
      const { burst, log } = pipeline();
      log('DEBUG', body, { attributes });
      expect(burst.stats().holdingBytes).toBe(EMPTY_BYTES + bytes);
      log('DEBUG', body, { attributes });
      expect(burst.stats().holdingBytes).toBe(2 * (EMPTY_BYTES + bytes));
    });

    test('may have exactly maxRecordBytes, as a text and as an object', () => {
      const { burst, log } = pipeline({ maxRecordBytes: EMPTY_BYTES + 200 });
      log('DEBUG', 'x'.repeat(100));
      expect(burst.stats()).toMatchObject({ holding: 1, evicted: { size: 0 } });
      log('DEBUG', 'x'.repeat(101));
      expect(burst.stats()).toMatchObject({ held: 2, holding: 1, evicted: { size: 1 } });
      log('DEBUG', { text: 'x'.repeat(200) });
      expect(burst.stats()).toMatchObject({ held: 3, holding: 1, evicted: { size: 2 } });
      expectAccountsBalance(burst.stats());
    });

    test('is evicted if the sum exceeds maxBytes by one byte, and not before', () => {
      const maxBytes = 4 * (EMPTY_BYTES + 200);
      const { burst, log } = pipeline({ maxBytes, maxRecordBytes: maxBytes });
      for (let count = 0; count < 4; count += 1) log('DEBUG', 'x'.repeat(100));
      expect(burst.stats()).toMatchObject({ holding: 4, holdingBytes: maxBytes, evicted: { bytes: 0 } });
      const tight = pipeline({ maxBytes: maxBytes - 1, maxRecordBytes: maxBytes - 1 });
      for (let count = 0; count < 4; count += 1) tight.log('DEBUG', 'x'.repeat(100));
      expect(tight.burst.stats()).toMatchObject({ holding: 3, evicted: { bytes: 1 } });
    });

    test('may be exactly maxAgeMillis old when it is released', async () => {
      const { bodies, burst, clock, log } = pipeline({ maxAgeMillis: 1_000 });
      log('DEBUG', 'old');
      clock.advance(1);
      log('DEBUG', 'young');
      clock.advance(999);
      log('ERROR', 'failed', { traceName: undefined as never });
      expect(burst.stats()).toMatchObject({ released: 2, evicted: { age: 0 } });
      expect(await bodies()).toEqual(['failed', 'old', 'young']);
      const late = pipeline({ maxAgeMillis: 1_000 });
      late.log('DEBUG', 'old');
      late.clock.advance(1);
      late.log('DEBUG', 'young');
      late.clock.advance(1_000);
      late.log('ERROR', 'failed');
      expect(late.burst.stats()).toMatchObject({ released: 1, evicted: { age: 1 } });
    });
  });

  describe('a record', () => {
    test('at level is held and below it refused; at emitLevel it is exported; at burstLevel it is a trigger', () => {
      const { burst, log } = pipeline({ level: 'DEBUG', emitLevel: 'WARN', burstLevel: 'FATAL' });
      log(Severity.DEBUG - 1, 'refused');
      expect(burst.stats()).toMatchObject({ held: 0, live: 0 });
      log(Severity.DEBUG, 'held');
      log(Severity.WARN - 1, 'held too');
      expect(burst.stats()).toMatchObject({ held: 2, live: 0 });
      log(Severity.WARN, 'loud');
      log(Severity.FATAL - 1, 'loud too');
      expect(burst.stats()).toMatchObject({ held: 2, live: 2, bursts: 0 });
      log(Severity.FATAL, 'trigger');
      expect(burst.stats()).toMatchObject({ released: 2, bursts: 1 });
    });

    test('with an exception type and no severity is a trigger, with a severity only if the option is set', () => {
      const attributes = { 'exception.type': 'TypeError' };
      const { burst, log } = pipeline();
      log('DEBUG', 'held');
      log('INFO', 'loud', { attributes });
      log('DEBUG', 'quiet', { attributes });
      expect(burst.stats()).toMatchObject({ held: 2, live: 1, bursts: 0 });
      log(undefined, 'caught', { attributes });
      expect(burst.stats()).toMatchObject({ released: 2, bursts: 1 });
      const asked = pipeline({ triggers: { exceptions: true } });
      asked.log('DEBUG', 'held');
      asked.log('DEBUG', 'caught', { attributes });
      expect(asked.burst.stats()).toMatchObject({ held: 1, released: 1, bursts: 1 });
    });

    test('is a trigger if the predicate returns true, and not for other truthy values', () => {
      const { burst, log } = pipeline({ triggers: { when: ({ body }) => body as boolean } });
      for (const body of [1, 'true', {}, false, undefined]) log('DEBUG', body);
      expect(burst.stats()).toMatchObject({ held: 5, bursts: 0 });
      log('DEBUG', true);
      expect(burst.stats()).toMatchObject({ released: 5, bursts: 1 });
    });

    test('that is loud is not a trigger if the predicate throws, and is exported', () => {
      const { burst, log } = pipeline({
        triggers: {
          when: () => {
            throw new Error('broken');
          },
        },
      });
      log('DEBUG', 'held');
      log('INFO', 'loud');
      log('ERROR', 'is one by its severity');
      // The manifest is the third.
      expect(burst.stats()).toMatchObject({ held: 1, released: 1, live: 3, bursts: 1 });
      expect(warnings).toEqual([
        expect.stringContaining('triggers.when threw Error: broken; the record is not'),
      ]);
    });

    test('that the predicate itself logs is lost, and counted', () => {
      let isAsked = false;
      const { burst, log } = pipeline({
        triggers: {
          when: () => {
            if (isAsked) return false;
            isAsked = true;
            log('DEBUG', 'from inside');
            return true;
          },
        },
      });
      log('DEBUG', 'held');
      // Within the guard no record is quiet, because the predicate would be called again.
      expect(burst.stats()).toMatchObject({ live: 2, failed: { reentrant: 1 }, held: 0 });
      expect(warnings).toEqual([expect.stringContaining('1 record was lost: it was emitted from inside')]);
    });
  });

  describe('enabled()', () => {
    const enabledOf = ({ burst, logger }: ReturnType<typeof wrapping>) =>
      (front === 'processor' ? burst : logger) as { enabled(options: object): boolean };
    const keeper = { onEmit() {}, forceFlush: async () => {}, shutdown: async () => {} };
    const scope = { instrumentationScope: { name: 'test' } };

    test('is false below level, and true from there on', () => {
      const target = enabledOf(wrapping(front, keeper, { level: 'DEBUG' }));
      const answers = [Severity.TRACE, Severity.DEBUG - 1, Severity.DEBUG, Severity.ERROR].map(
        (severityNumber) => target.enabled({ ...scope, severityNumber, context: ROOT_CONTEXT }),
      );
      expect(answers).toEqual([false, false, true, true]);
    });

    test.each([undefined, 0, Number.NaN, '1', null])('is true for a severity of %p', (severityNumber) => {
      const target = enabledOf(wrapping(front, keeper, { level: 'INFO' }));
      expect(target.enabled({ ...scope, severityNumber })).toBe(true);
    });

    test('uses the level of each logger', () => {
      const { burst, logger } = wrapping(front, keeper, { level: { test: 'INFO', default: 'TRACE' } });
      expect(enabledOf({ burst, logger } as never).enabled({ ...scope, severityNumber: 8 })).toBe(false);
      if (front === 'provider') return;
      const other = { instrumentationScope: { name: 'other' }, severityNumber: 8 };
      expect(enabledOf({ burst, logger } as never).enabled(other)).toBe(true);
    });

    test('is false after shutdown()', async () => {
      const line = wrapping(front, keeper);
      expect(enabledOf(line).enabled({ ...scope, severityNumber: Severity.ERROR })).toBe(true);
      await line.burst.shutdown();
      expect(enabledOf(line).enabled({ ...scope, severityNumber: Severity.ERROR })).toBe(false);
    });
  });

  test('after shutdown() records are ignored and not counted', async () => {
    const { burst, log } = pipeline();
    await burst.shutdown();
    for (const severity of ['DEBUG', 'INFO', 'ERROR'] as const) log(severity, 'late');
    expect(burst.stats()).toMatchObject({ held: 0, live: 0, delivered: 0 });
    expect(burst.burst({ keys: 'all' })).toBeUndefined();
    expect(burst.discard({ keys: 'all' })).toBe(0);
  });

  test('a flush that times out logs how much is pending', async () => {
    let release: () => void = () => {};
    const forceFlush = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    const hanging = { onEmit() {}, forceFlush, shutdown: async () => {} };
    const { clock } = pipeline();
    const { burst, take } = wrapping(front, hanging, { clock, flushTimeoutMillis: 700 });
    take({
      severityNumber: 9,
      body: 'loud',
      attributes: {},
      instrumentationScope: { name: 'x' },
      hrTime: [0, 0],
    });
    const flushed = burst.forceFlush();
    await new Promise(setImmediate);
    clock.advance(700);
    await flushed;
    release();
    expect(warnings.map((text) => text.replace(/^\w+: /, ''))).toEqual([
      'forceFlush() ended after 700 ms; 0 records are still pending',
    ]);
  });

  describe('keys', () => {
    test('are computed by a scope function from the record and its context, for each record', () => {
      const key = createContextKey('tenant');
      const asked: unknown[] = [];
      const scope = (record: { body?: unknown }, given: typeof ROOT_CONTEXT) => {
        asked.push([record.body, given.getValue(key)]);
        return given.getValue(key) as string | undefined;
      };
      const { burst, log } = pipeline({ scope });
      const inTenant = (name: string) => ROOT_CONTEXT.setValue(key, name);
      log('DEBUG', 'of a', { context: inTenant('a') } as never);
      log('DEBUG', 'of b', { context: inTenant('b') } as never);
      log('DEBUG', 'of nobody', { context: ROOT_CONTEXT } as never);
      expect(asked).toEqual([
        ['of a', 'a'],
        ['of b', 'b'],
        ['of nobody', undefined],
      ]);
      expect(burst.stats().keys).toBe(3);
      expect(burst.discard({ keys: ['a', ''] })).toBe(2);
      expect(burst.burst({ keys: ['b', 'unknown'] })).toMatchObject({ released: 1 });
    });

    test('are trace ids, and without a valid span the record belongs to the shared bucket', () => {
      const { burst, log } = pipeline();
      log('DEBUG', 'of a', { traceName: 'a' });
      log('DEBUG', 'of none');
      expect(burst.discard({ keys: [traceIdOf('a')] })).toBe(1);
      expect(burst.discard({ keys: [''] })).toBe(1);
      expect(context.active()).toBe(ROOT_CONTEXT);
      log('DEBUG', 'of none');
      expect(burst.discard()).toBe(1);
      expect(inTrace('a')).not.toBe(ROOT_CONTEXT);
    });
  });
});
