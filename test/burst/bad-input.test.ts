import { DiagLogLevel, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { InMemoryLogRecordExporter } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import type { BurstExporterOptions } from '../../src/burst/options.ts';
import type { BurstStats } from '../../src/holding/stats.ts';
import { Severity } from '../../src/record/severity.ts';
import { expectAccountsBalance, FRONTS, pipelineOf, wrapping } from '../support/pipeline.ts';

describe('wrong options throw at construction and say option, expected and given value', () => {
  const exporter = new InMemoryLogRecordExporter();
  const processor = { onEmit() {}, forceFlush: async () => {}, shutdown: async () => {} };
  test.each<[object, string]>([
    [{ exporter, capacity: 0 }, 'capacity must be a whole number from 1, got 0'],
    [{ exporter, capacity: 1.5 }, 'capacity must be a whole number from 1, got 1.5'],
    [{ exporter, capacity: '1000' }, 'capacity must be a whole number from 1, got "1000"'],
    [{ exporter, threshold: 0 }, 'threshold must be a number above 0, up to 1, got 0'],
    [{ exporter, threshold: 1.1 }, 'threshold must be a number above 0, up to 1, got 1.1'],
    [{ exporter, maxBytes: -1 }, 'maxBytes must be a whole number from 1, got -1'],
    [{ exporter, maxRecordBytes: Number.NaN }, 'maxRecordBytes must be a whole number from 1, got NaN'],
    [{ exporter, maxAgeMillis: -1 }, 'maxAgeMillis must be a number of milliseconds from 0, got -1'],
    [{ exporter, idleMillis: null }, 'idleMillis must be a number of milliseconds from 0, got null'],
    [{ exporter, replayBatch: 0 }, 'replayBatch must be a whole number from 1, got 0'],
    [{ exporter, level: 'LOUD' }, 'level must be a severity from 1 to 24'],
    [{ exporter, level: { 'a.*': 'LOUD' } }, 'level["a.*"] must be a severity from 1 to 24'],
    [{ exporter, level: 'WARN' }, 'level must not be above emitLevel (9), got "WARN"'],
    [
      { exporter, level: { default: 'DEBUG', x: 'ERROR' } },
      'level["x"] must not be above emitLevel (9), got "ERROR"',
    ],
    [{ exporter, emitLevel: 25 }, 'emitLevel must be a severity from 1 to 24'],
    [{ exporter, emitLevel: 0 }, 'emitLevel must be a severity from 1 to 24'],
    [{ exporter, emitLevel: 'FATAL' }, 'emitLevel must not be above burstLevel (17), got 21'],
    [{ exporter, burstLevel: 'UNSPECIFIED' }, 'burstLevel must be a severity from 1 to 24'],
    [{ exporter, scope: 'request' }, 'scope must be "trace", "task", "global" or a function, got "request"'],
    [{ exporter, order: 'random' }, 'order must be "immediate" or "chronological", got "random"'],
    [
      { exporter, order: 'chronological', scope: 'trace' },
      'scope must be "global" when order is "chronological", got "trace"',
    ],
    [{ exporter, maxDelayMillis: 5 }, 'maxDelayMillis must be omitted when order is "immediate"'],
    [{ exporter, after: true }, 'after must be false or an object with records, millis, got true'],
    [
      { exporter, after: { records: -1 } },
      'after.records must be a whole number from 1, or Infinity, got -1',
    ],
    [{ exporter, after: { hours: 1 } }, 'after has no option "hours"; known names: records, millis'],
    [{ exporter, limit: { millis: 0 } }, 'limit.millis must be a number of milliseconds from 1, got 0'],
    [{ exporter, limit: { records: 0 } }, 'limit.records must be a whole number from 1, or Infinity, got 0'],
    [{ exporter, limit: { reserve: -0.1 } }, 'limit.reserve must be a number from 0 to 1, got -0.1'],
    [{ exporter, limit: { reserve: 1.1 } }, 'limit.reserve must be a number from 0 to 1, got 1.1'],
    [{ exporter, limit: { reserve: '1' } }, 'limit.reserve must be a number from 0 to 1, got "1"'],
    [{ exporter, fingerprint: 'type' }, 'fingerprint must be a function, got "type"'],
    [{ exporter, triggers: { when: 'error' } }, 'triggers.when must be a function, got "error"'],
    [{ exporter, triggers: { exceptions: 1 } }, 'triggers.exceptions must be true or false, got 1'],
    [{ exporter, triggers: { error: true } }, 'triggers has no option "error"'],
    [{ exporter, clock: {} }, 'clock must be an object with now(), monotonicNow(), after(), got an object'],
    [{ exporter, meterProvider: {} }, 'meterProvider must be an object with getMeter(), got an object'],
    [{ exporter, capasity: 5 }, 'BurstLogRecordProcessor has no option "capasity"; did you mean capacity?'],
    [{ exporter, processor }, 'BurstLogRecordProcessor needs exporter or processor, got both'],
    [{}, 'BurstLogRecordProcessor needs exporter or processor, got neither'],
    [{ exporter: {} }, 'exporter must be an object with export(), shutdown(), got an object'],
    [
      { processor: 'batch' },
      'processor must be an object with onEmit(), forceFlush(), shutdown(), got "batch"',
    ],
    [{ processor, delivery: {} }, 'delivery must be omitted with processor'],
    [{ exporter, delivery: { maxQueueBytes: 1 } }, 'delivery has no option "maxQueueBytes"'],
    [{ exporter, delivery: { maxExportBatchSize: 0 } }, 'maxExportBatchSize must be a whole number from 1'],
    [{ exporter, delivery: { retry: { initialBackoffMillis: 0 } } }, 'initialBackoffMillis must be'],
    [
      { exporter, delivery: { exportTimeoutMillis: 1_000 } },
      'exportTimeoutMillis must be a number of milliseconds from',
    ],
  ])('%j', (options, message) => {
    expect(() => new BurstLogRecordProcessor(options as BurstExporterOptions)).toThrow(message);
  });

  test('a value out of its range is a RangeError, any other invalid value or combination a TypeError', () => {
    const errorOf = (options: object) => {
      try {
        new BurstLogRecordProcessor({ exporter, ...options } as BurstExporterOptions);
        return undefined;
      } catch (error) {
        return (error as Error).name;
      }
    };
    const outOfRange = [{ emitLevel: 25 }, { emitLevel: 'FATAL' }, { maxDelayMillis: 5 }, { level: 'WARN' }];
    expect(outOfRange.map(errorOf)).toEqual(outOfRange.map(() => 'RangeError'));
    const unfit = [
      { processor },
      { order: 'chronological', scope: 'trace' },
      { order: 'chronological', blackBox: { directory: '/tmp' } },
      { delivery: { retry: { maxElapsedMillis: 5 } }, exporter: { ...exporter, worstCaseMillis: 5 } },
    ];
    expect(unfit.map(errorOf)).toEqual(unfit.map(() => 'TypeError'));
  });

  test('no options at all', () => {
    expect(() => new BurstLogRecordProcessor(undefined as unknown as BurstExporterOptions)).toThrow(
      'BurstLogRecordProcessor must be an object, got undefined',
    );
  });

  test('an option given as undefined counts as not given', () => {
    expect(
      () => new BurstLogRecordProcessor({ exporter, capacity: undefined as unknown as number }),
    ).not.toThrow();
  });
});

test.each([Symbol('17'), '17', 17n, Number.NaN, {}, null, undefined])(
  'enabled() for a severity of %p is true, and never throws',
  (severityNumber) => {
    const burst = new BurstLogRecordProcessor({
      exporter: new InMemoryLogRecordExporter(),
      level: { default: 'DEBUG', 'noisy.*': 'INFO' },
    });
    const enabled = (scope: unknown, severity: unknown) =>
      burst.enabled({
        context: ROOT_CONTEXT,
        instrumentationScope: scope as { name: string },
        severityNumber: severity as number,
      });
    expect(enabled({ name: 'shop' }, severityNumber)).toBe(true);
    expect(enabled(undefined, Severity.DEBUG)).toBe(true);
    expect(enabled({ name: Symbol('shop') }, Severity.TRACE)).toBe(false);
  },
);

/** A processor that does nothing. */
const keeper = () => ({ onEmit() {}, forceFlush: async () => {}, shutdown: async () => {} });

describe.each(FRONTS)('records of any kind: %s', (front) => {
  const pipeline = pipelineOf(front);

  test.each([Number.NaN, 1e9, Number.POSITIVE_INFINITY, '17', {}, null, 17n])(
    'a severity of %p never throws and is never held',
    async (severityNumber) => {
      const { log, burst } = pipeline();
      log(severityNumber as number, 'odd');
      await burst.forceFlush();
      expect(burst.stats()).toMatchObject({ held: 0, live: 1, delivered: 1 });
    },
  );

  test('bodies that a serializer could not write are converted to readable values', async () => {
    const { log, bodies } = pipeline();
    const circular: Record<string, unknown> = { name: 'circular' };
    circular.self = circular;
    let deep: unknown = 'bottom';
    for (let depth = 0; depth < 20_000; depth += 1) deep = { deep };
    log('DEBUG', circular);
    log('DEBUG', {
      get broken(): never {
        throw new Error('getter');
      },
      fine: 1n,
    });
    log('DEBUG', deep);
    log('ERROR', circular);
    const [error, first, second, third] = await bodies();
    expect(error).toEqual({ name: 'circular', self: '[circular]' });
    expect(first).toEqual({ name: 'circular', self: '[circular]' });
    expect(second).toEqual({ broken: '[threw Error: getter]', fine: '1' });
    expect(JSON.stringify(third)).toContain('[too deep]');
  });

  test('Proxy attributes and throwing getters do not throw here', async () => {
    const { log, burst } = pipeline();
    const traps = new Proxy(
      {},
      {
        get() {
          throw new Error('trap');
        },
        ownKeys: () => ['a'],
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
      },
    );
    log('DEBUG', traps);
    log('ERROR', traps);
    await burst.forceFlush();
    expectAccountsBalance(burst.stats());
    expect(burst.stats()).toMatchObject({ delivered: 3 });
  });

  test('a record that throws when it is read is counted, not thrown', () => {
    const { burst, take } = wrapping(front, keeper());
    const record = {
      get severityNumber(): number {
        throw new Error('unreadable');
      },
    };
    expect(() => take(record)).not.toThrow();
    expect(burst.stats()).toMatchObject({ live: 1, failed: { unreadable: 1 } });
    expectAccountsBalance(burst.stats());
  });

  // In the provider form, the bounds of the SDK's processors apply.
  const ofProcessor = front === 'processor' ? test : test.skip;

  ofProcessor('a loud body that is too big leaves as its start, and says so', async () => {
    const { log, burst, exported } = pipeline({ maxBytes: 10_000 });
    log('ERROR', { text: 'x'.repeat(10_000), order: 7 });
    await burst.forceFlush();
    expect(exported()[0]!.body).toEqual({ text: expect.stringMatching(/^x{1000,2400}$/), order: 7 });
    expect(exported()[0]!.attributes['burstlog.truncated_from']).toBeGreaterThan(20_000);
  });

  test('so does one with a text body, in chronological order as well, and nothing is evicted for it', async () => {
    const { log, bodies } = pipeline({ maxBytes: 10_000, order: 'chronological' });
    log('DEBUG', 'quiet');
    log('ERROR', 'x'.repeat(10_000));
    expect(await bodies()).toEqual(['quiet', expect.stringMatching(/^x{1000,2400}$/)]);
  });

  test('timestamps in the past or the future change neither order nor age', async () => {
    const { log, bodies, clock } = pipeline();
    log('DEBUG', 'past', { timestamp: 1 });
    log('DEBUG', 'future', { timestamp: clock.now() + 1e12 });
    log('DEBUG', 'present');
    log('ERROR', 'failed');
    expect(await bodies()).toEqual(['failed', 'past', 'future', 'present']);
  });
});

describe.each(FRONTS)('code of the application: %s', (front) => {
  const pipeline = pipelineOf(front);

  const messages: string[] = [];
  beforeEach(() => {
    messages.length = 0;
    const warn = (message: string) => void messages.push(message);
    diag.setLogger(
      { error: warn, warn, info() {}, debug() {}, verbose() {} },
      { logLevel: DiagLogLevel.WARN },
    );
  });
  afterEach(() => diag.disable());

  test('a predicate that throws is logged once, and the record is not a trigger', async () => {
    const { log, bodies } = pipeline({
      triggers: {
        when() {
          throw new Error('broken predicate');
        },
      },
    });
    for (let count = 0; count < 100; count += 1) log('DEBUG', count);
    expect(await bodies()).toEqual([]);
    expect(messages).toEqual([
      `${front === 'processor' ? 'BurstLogRecordProcessor' : 'BurstLoggerProvider'}: triggers.when threw Error: broken predicate; the record is not a trigger`,
    ]);
  });

  test('a predicate that emits does not recurse: the inner record is counted as lost', async () => {
    const line = pipeline({
      triggers: {
        when() {
          line.log('INFO', 'inner');
          line.log('ERROR', 'inner');
          return false;
        },
      },
    });
    line.log('INFO', 'outer');
    expect(await line.bodies()).toEqual(['outer']);
    expect(line.burst.stats().failed.reentrant).toBe(2);
    expectAccountsBalance(line.burst.stats());
    expect(messages).toHaveLength(1);
  });

  test('a scope function that emits does not recurse', async () => {
    const line = pipeline({
      scope() {
        line.log('DEBUG', 'inner');
        return 'key';
      },
    });
    line.log('DEBUG', 'outer');
    line.log('ERROR', 'failed');
    expect(await line.bodies()).toEqual(['failed', 'outer']);
    expectAccountsBalance(line.burst.stats());
  });

  function around(onEmit: (again: () => void) => void) {
    const processor = {
      onEmit: () => onEmit(() => logger.emit({ severityNumber: Severity.ERROR, body: 'inner' })),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const { burst, logger } = wrapping(front, processor);
    return { burst, logger };
  }

  test('a wrapped processor that throws loses its record only, and is logged once', async () => {
    const { burst, logger } = around(() => {
      throw new Error('broken processor');
    });
    for (let count = 0; count < 10; count += 1) logger.emit({ severityNumber: Severity.INFO, body: 'loud' });
    await burst.forceFlush();
    expect(burst.stats()).toMatchObject({ live: 10, delivered: 0, failed: { [front]: 10 } });
    expect(messages).toHaveLength(1);
  });

  test('the counts balance inside the wrapped processor, and in every callback', async () => {
    const seen: Record<string, BurstStats[]> = {
      onEmit: [],
      flush: [],
      shutdown: [],
      fingerprint: [],
      when: [],
    };
    const look = (where: string) => void seen[where]!.push(burst.stats());
    const processor = {
      onEmit() {
        look('onEmit');
        throw new Error('broken');
      },
      forceFlush: async () => look('flush'),
      shutdown: async () => look('shutdown'),
    };
    const { burst, logger } = wrapping(front, processor, {
      replayBatch: 1,
      after: false,
      fingerprint: () => {
        look('fingerprint');
        return 'same';
      },
      triggers: { when: () => look('when') === undefined && false },
    });
    for (const severityNumber of [5, 9, 17, 5, 5, 17]) logger.emit({ severityNumber, body: 'any' });
    await burst.forceFlush();
    await burst.shutdown();
    // Three loud records, three released ones, two manifests.
    expect(seen.onEmit).toHaveLength(8);
    for (const looks of Object.values(seen)) {
      expect(looks.length).toBeGreaterThan(0);
      looks.forEach(expectAccountsBalance);
    }
  });

  test('a wrapped processor may call burst() and discard() from onEmit()', async () => {
    const bodies: unknown[] = [];
    const processor = {
      onEmit(record: { body?: unknown }) {
        bodies.push(record.body);
        burst.burst({ keys: 'all' });
        burst.discard({ keys: 'all' });
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const { burst, logger } = wrapping(front, processor);
    logger.emit({ severityNumber: Severity.DEBUG, body: 'quiet' });
    logger.emit({ severityNumber: Severity.ERROR, body: 'failed' });
    await burst.forceFlush();
    expect(bodies).toEqual(['failed', 'quiet', 'burst released 1 record (severity), 0 lost']);
    expectAccountsBalance(burst.stats());
  });

  test('a wrapped processor that emits from inside does not recurse', async () => {
    const { burst, logger } = around((again) => again());
    logger.emit({ severityNumber: Severity.ERROR, body: 'outer' });
    await burst.forceFlush();
    expect(burst.stats()).toMatchObject({ live: 2, delivered: 1, failed: { reentrant: 1 } });
  });

  test('an exporter that logs its own failure causes no feedback loop', async () => {
    const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
    const { context } = await import('@opentelemetry/api');
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    let exports = 0;
    const line = pipeline({
      delivery: { retry: false },
      exporter: {
        export(_records, callback) {
          exports += 1;
          setImmediate(() => {
            line.log('ERROR', 'export failed');
            callback({ code: 1, error: new Error('refused') });
          });
        },
        shutdown: async () => {},
      },
    });
    line.log('ERROR', 'failed');
    await line.burst.forceFlush();
    await line.burst.forceFlush();
    context.disable();
    expect(exports).toBe(1);
    expect(line.burst.stats()).toMatchObject({
      failed: front === 'processor' ? { export: 1, reentrant: 1 } : { reentrant: 1 },
      pending: 0,
    });
  });

  const ofProcessor = front === 'processor' ? test : test.skip;
  ofProcessor('nor does one that logs inside export() itself, even without a context manager', async () => {
    let exports = 0;
    const line = pipeline({
      exporter: {
        export(_records, callback) {
          exports += 1;
          line.log('ERROR', 'exporting');
          line.log('DEBUG', 'exporting');
          callback({ code: 0 });
        },
        shutdown: async () => {},
      },
    });
    line.log('ERROR', 'failed');
    await line.burst.forceFlush();
    await line.burst.forceFlush();
    expect(exports).toBe(1);
    expect(line.burst.stats()).toMatchObject({ delivered: 1, failed: { reentrant: 2 }, pending: 0 });
    expectAccountsBalance(line.burst.stats());
  });

  test('a diag logger that throws does not throw into the application', () => {
    diag.setLogger(
      {
        error() {},
        warn() {
          throw new Error('diag');
        },
        info() {},
        debug() {},
        verbose() {},
      },
      { suppressOverrideMessage: true },
    );
    const { log } = pipeline({
      triggers: {
        when() {
          throw new Error('predicate');
        },
      },
    });
    expect(() => log('INFO', 'loud')).not.toThrow();
  });
});
