import { type Context, context, createContextKey, diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { LoggerProvider as LoggerProviderOfApi } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { LoggerProvider, type LogRecordProcessor } from '@opentelemetry/sdk-logs';
import * as fc from 'fast-check';
import { BurstLoggerProvider, BurstLogRecordProcessor } from '../../src/burst/index.ts';
import type { BurstLoggerProviderOptions } from '../../src/burst/options.ts';
import { registerLoggerProvider } from '../../src/record/global-logs.ts';
import type { ReadableLogRecordLike } from '../../src/record/otel.ts';
import { Severity } from '../../src/record/severity.ts';
import { TaskLogRecordProcessor, task, to } from '../../src/task/index.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { expectAccountsBalance, inTrace, traceIdOf } from '../support/pipeline.ts';
import { needs } from '../support/sdk-abilities.ts';

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => context.disable());

/** A processor that keeps the received records and their contexts. */
class Keeper implements LogRecordProcessor {
  readonly records: ReadableLogRecordLike[] = [];
  readonly contexts: (Context | undefined)[] = [];

  onEmit(record: unknown, given?: Context): void {
    this.records.push(record as ReadableLogRecordLike);
    this.contexts.push(given);
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}

  get bodies(): unknown[] {
    return this.records.map((record) => record.body);
  }

  find(body: unknown): ReadableLogRecordLike {
    const found = this.records.find((record) => record.body === body);
    if (found === undefined) throw new Error(`no record ${String(body)}`);
    return found;
  }
}

type SdkOptions = ConstructorParameters<typeof LoggerProvider>[0];

/** A provider in front of the SDK with these processors; the last one keeps the records. */
function deferring(
  options: Partial<BurstLoggerProviderOptions> = {},
  before: LogRecordProcessor[] = [],
  sdk: SdkOptions = {},
) {
  const kept = new Keeper();
  const behind = new LoggerProvider({ ...sdk, processors: [...before, kept] });
  const provider = new BurstLoggerProvider({ provider: behind, ...options });
  const logger = provider.getLogger('shop', '1.0.0');
  const fail = async () => {
    logger.emit({ severityNumber: Severity.ERROR, body: 'failed' });
    await provider.forceFlush();
  };
  const quiet = (body: unknown, more: object = {}) =>
    logger.emit({ severityNumber: Severity.DEBUG, body, ...more });
  return { kept, behind, provider, logger, fail, quiet };
}

describe('the values of the time when a record was emitted', () => {
  needs('nested attributes')('attributes that the caller changes or uses again do not change', async () => {
    const { kept, quiet, fail } = deferring();
    const attributes: Record<string, unknown> = { user: 1, list: [1, { two: 2 }], bytes: Uint8Array.of(1) };
    quiet('first', { attributes });
    attributes.user = 2;
    (attributes.list as unknown[])[1] = 'changed';
    (attributes.bytes as Uint8Array)[0] = 9;
    quiet('second', { attributes: Object.freeze(attributes) });
    await fail();
    expect(kept.find('first').attributes).toMatchObject({
      user: 1,
      list: [1, { two: 2 }],
      bytes: Uint8Array.of(1),
    });
    expect(kept.find('second').attributes).toMatchObject({ user: 2, list: [1, 'changed'] });
  });

  needs('emit({ exception })')('nor does an exception that gets another message', async () => {
    const { kept, quiet, fail } = deferring();
    const exception = new TypeError('no such user');
    quiet('caught', { exception });
    exception.message = 'changed';
    await fail();
    expect(kept.find('caught').attributes).toMatchObject({
      'exception.type': 'TypeError',
      'exception.message': 'no such user',
    });
  });

  test('an explicit timestamp, an observed time, an event name and invalid severities are kept', async () => {
    const { kept, quiet, fail } = deferring();
    const timestamp: [number, number] = [1_700_000_000, 5];
    quiet('own', { timestamp, observedTimestamp: [1_700_000_001, 0], eventName: 'cart.read' });
    timestamp[0] = 0;
    quiet('named', { severityText: 'DEBUG' });
    quiet('verbose', { severityNumber: 6, severityText: 'verbose' });
    quiet('text alone', { severityNumber: undefined, severityText: 'debug' });
    await fail();
    expect(kept.find('own')).toMatchObject({
      hrTime: [1_700_000_000, 5],
      hrTimeObserved: [1_700_000_001, 0],
      eventName: 'cart.read',
      severityNumber: 5,
    });
    expect(kept.find('named')).toMatchObject({ severityNumber: 5, severityText: 'DEBUG' });
    expect(kept.find('verbose')).toMatchObject({ severityNumber: 6, severityText: 'verbose' });
    const textAlone = kept.find('text alone');
    expect([textAlone.severityNumber, textAlone.severityText]).toEqual([undefined, 'debug']);
  });

  test('a record has the time of the wall clock when it was emitted, even if the clock is set in between', async () => {
    const clock = new ManualClock();
    const { kept, quiet, fail } = deferring({ clock });
    const written: number[] = [];
    const write = (millis: number) => {
      written.push(millis);
      quiet(millis);
    };
    write(clock.now());
    clock.advance(700);
    write(clock.now());
    clock.setForward(3_600_000);
    write(clock.now());
    clock.advance(1);
    clock.setForward(-7_200_000);
    write(clock.now());
    await fail();
    const times = kept.records.filter(({ body }) => typeof body === 'number').map(({ hrTime }) => hrTime);
    expect(times.map(([seconds, nanos]) => seconds * 1_000 + nanos / 1e6)).toEqual(written);
  });
});

describe('through the SDK', () => {
  test('a released record passes all processors with its trace, scope and resource, like any other', async () => {
    const seen = new Keeper();
    const { kept, quiet, fail } = deferring({ scope: 'global' }, [seen]);
    quiet('quiet', { context: inTrace('a'), attributes: { user: 1 } });
    await fail();
    expect(seen.bodies).toEqual(['failed', 'quiet', 'burst released 1 record (severity), 0 lost']);
    const record = kept.find('quiet');
    expect(record.spanContext?.traceId).toBe(traceIdOf('a'));
    expect(record.instrumentationScope).toMatchObject({ name: 'shop', version: '1.0.0' });
    expect(record.resource).toBe(kept.find('failed').resource);
    expect(trace.getSpanContext(seen.contexts[1]!)?.traceId).toBe(traceIdOf('a'));
  });

  test('its context has the trace, and nothing else of the original context', async () => {
    const { kept, quiet, fail } = deferring({ scope: 'global' });
    const key = createContextKey('baggage');
    quiet('quiet', { context: inTrace('a').setValue(key, 'gold') });
    await fail();
    const given = kept.contexts[kept.bodies.indexOf('quiet')]!;
    expect(given.getValue(key)).toBeUndefined();
    expect(given.setValue(key, 'new').getValue(key)).toBe('new');
  });

  test('the limits of the SDK apply when it is released, and the attributes of its burst come first', async () => {
    const { kept, quiet, fail } = deferring({}, [], {
      logRecordLimits: { attributeCountLimit: 3, attributeValueLengthLimit: 40 },
    });
    quiet('quiet', { attributes: { a: 'x'.repeat(50), b: 2, c: 3 } });
    await fail();
    const { attributes, droppedAttributesCount } = kept.find('quiet');
    expect(attributes).toEqual({ 'burst.id': expect.any(String), 'burst.sequence': 1, a: 'x'.repeat(40) });
    expect(attributes['burst.id']).toHaveLength(36);
    expect(droppedAttributesCount).toBe(2);
  });

  test('a loud record is passed unchanged, in its own context', async () => {
    const { kept, logger } = deferring();
    const key = createContextKey('baggage');
    const given = ROOT_CONTEXT.setValue(key, 'gold');
    logger.emit({ severityNumber: Severity.INFO, body: 'loud', attributes: { a: 1 }, context: given });
    expect(kept.records[0]!.attributes).toEqual({ a: 1 });
    expect(kept.contexts[0]).toBe(given);
  });

  test('a burst processor after it does not hold a record again, and distinguishes it from its own', async () => {
    const kept = new Keeper();
    const burst = new BurstLogRecordProcessor({ processor: kept });
    const behind = new LoggerProvider({ processors: [burst] });
    const provider = new BurstLoggerProvider({ provider: behind });
    provider.getLogger('a').emit({ severityNumber: Severity.DEBUG, body: 'of the front' });
    behind.getLogger('b').emit({ severityNumber: Severity.DEBUG, body: 'past the front' });
    provider.getLogger('a').emit({ severityNumber: Severity.INFO, body: 'loud' });
    provider.burst();
    await provider.forceFlush();
    expect(kept.bodies).toEqual(['loud', 'of the front', 'burst released 1 record (manual), 0 lost']);
    expect(burst.stats()).toMatchObject({ held: 1, holding: 1, bursts: 0, live: 3 });
    expectAccountsBalance(burst.stats());
    expectAccountsBalance(provider.stats());
  });
});

describe('inside a task', () => {
  test('a record has the number, the data and the task of the time when it was emitted', async () => {
    const { kept, provider, logger } = deferring({ scope: 'global' }, [new TaskLogRecordProcessor()]);
    const takeBack = registerLoggerProvider(provider);
    const emit = (severityNumber: number, body: string) => logger.emit({ severityNumber, body });
    try {
      task('checkout', { tenant: 'one' }, (job) => {
        emit(Severity.DEBUG, 'first');
        job.bind({ attempt: 1, tenant: 'two' });
        emit(Severity.INFO, 'loud');
        emit(Severity.DEBUG, 'second');
        to('charge', { amount: 5 }, () => emit(Severity.DEBUG, 'of the step'));
        job.bind({ attempt: 2 });
        emit(Severity.ERROR, 'failed');
      });
      await provider.forceFlush();
    } finally {
      takeBack();
    }
    const marks = (body: string) => {
      const { attributes } = kept.find(body);
      return [attributes['task.name'], attributes['task.sequence'], attributes.tenant, attributes.attempt];
    };
    // The first record is task.started; the step has its own one.
    expect(marks('first')).toEqual(['checkout', 2, 'one', undefined]);
    expect(marks('loud')).toEqual(['checkout', 3, 'two', 1]);
    expect(marks('second')).toEqual(['checkout', 4, 'two', 1]);
    expect(marks('of the step')).toEqual(['charge', 2, 'two', 1]);
    expect(marks('failed')).toEqual(['checkout', 5, 'two', 2]);
    expect(kept.find('of the step').attributes['task.parent.id']).toBe(
      kept.find('first').attributes['task.id'],
    );
  });

  test('without a TaskLogRecordProcessor after it, nothing is added', async () => {
    const { kept, logger, provider } = deferring();
    task('checkout', () => logger.emit({ severityNumber: Severity.DEBUG, body: 'quiet' }));
    provider.burst({ keys: 'all' });
    await provider.forceFlush();
    expect(kept.find('quiet').attributes).toEqual({ 'burst.id': expect.any(String), 'burst.sequence': 1 });
  });
});

describe('records that the SDK refuses', () => {
  let warnings: string[];
  beforeEach(() => {
    warnings = [];
    listen((message) => void warnings.push(message));
  });
  afterEach(() => diag.disable());

  needs('logger.enabled()')('is refused in front of it too, and said when the logger is made', async () => {
    const configured = { minimumSeverity: Severity.DEBUG4, traceBased: true, disabled: false, enabled: true };
    const { kept, quiet, fail, logger, provider } = deferring({}, [], {
      loggerConfigurator: () => configured,
    } as never);
    expect(warnings).toEqual([expect.stringContaining('refuses quiet records of the logger "shop"')]);
    const unsampled = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: traceIdOf('a'),
      spanId: '00f067aa0ba902b7',
      traceFlags: 0,
    });
    quiet('too quiet');
    quiet('quiet', { severityNumber: Severity.DEBUG4 });
    quiet('unsampled', { severityNumber: Severity.DEBUG4, context: unsampled });
    logger.emit({ severityNumber: Severity.INFO, body: 'loud but unsampled', context: unsampled });
    expect(logger.enabled({ severityNumber: Severity.DEBUG })).toBe(false);
    expect(logger.enabled({ severityNumber: Severity.DEBUG4 })).toBe(true);
    expect(logger.enabled({ severityNumber: Severity.DEBUG4, context: unsampled })).toBe(false);
    await fail();
    expect(kept.bodies).toEqual(['failed', 'quiet', 'burst released 1 record (severity), 0 lost']);
    expect(provider.stats()).toMatchObject({ held: 1, failed: { refused: 0 } });
  });

  needs('logger.enabled()')('after it was held is counted', async () => {
    let wants = true;
    const choosy = {
      onEmit() {},
      enabled: () => wants,
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const behind = new LoggerProvider({ processors: [choosy] });
    const provider = new BurstLoggerProvider({ provider: behind });
    provider.getLogger('a').emit({ severityNumber: Severity.DEBUG, body: 'quiet' });
    expect(warnings).toEqual([]);
    wants = false;
    provider.burst();
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ released: 1, delivered: 1, failed: { refused: 1 } });
    expectAccountsBalance(provider.stats());
    expect(warnings).toEqual([expect.stringContaining('1 released record was lost')]);
  });

  test('a logger of a provider that was shut down ignores records', async () => {
    const { provider, behind } = deferring();
    await behind.shutdown();
    const logger = provider.getLogger('late');
    logger.emit({ severityNumber: Severity.ERROR, body: 'late' });
    await provider.shutdown();
    expect(logger.enabled({ severityNumber: Severity.ERROR })).toBe(false);
  });
});

test('a flush that runs after the start of a shutdown waits for it, and does not flush the provider', async () => {
  const messages: string[] = [];
  listen((message) => void messages.push(message));
  try {
    const { provider } = deferring();
    const flushes = [provider.forceFlush(), provider.forceFlush()];
    await provider.shutdown();
    await Promise.all(flushes);
    expect(messages).toEqual([]);
  } finally {
    diag.disable();
  }
});

test('wrong options throw at construction and say option, expected and actual value', () => {
  const provider = new LoggerProvider();
  const make = (options: object) => () => new BurstLoggerProvider(options as BurstLoggerProviderOptions);
  expect(make({})).toThrow(
    'provider must be an object with getLogger(), forceFlush(), shutdown(), got undefined',
  );
  expect(make({ provider, exporter: {} })).toThrow('BurstLoggerProvider has no option "exporter"');
  expect(make({ provider, capacity: 0 })).toThrow('capacity must be a whole number from 1, got 0');
});

test('it is a LoggerProvider for the API, and so are its loggers', () => {
  const provider: LoggerProviderOfApi = deferring().provider;
  expect(() => provider.getLogger('shop', '1', { schemaUrl: 'x' }).emit({ body: 'text' })).not.toThrow();
});

test('the same scope has the same logger, and its level', () => {
  const { provider } = deferring({ level: { default: 'DEBUG', 'noisy.*': 'INFO' } });
  expect(provider.getLogger('a', '1')).toBe(provider.getLogger('a', '1'));
  expect(provider.getLogger('a', '1')).not.toBe(provider.getLogger('a', '2'));
  provider.getLogger('noisy.http').emit({ severityNumber: Severity.DEBUG, body: 'noise' });
  provider.getLogger('other').emit({ severityNumber: Severity.DEBUG, body: 'detail' });
  expect(provider.stats().held).toBe(1);
});

test('held records stay below maxBytes, whatever is logged', () => {
  const size = fc.integer({ min: 0, max: 3_000 });
  const value = fc.oneof(
    size.map((length) => 'x'.repeat(length)),
    fc.jsonValue({ maxDepth: 4 }),
    fc.integer(),
  );
  const record = fc.record({
    severityNumber: fc.constantFrom(1, 5, 8),
    body: value,
    attributes: fc.dictionary(fc.string({ maxLength: 20 }), value, { maxKeys: 8 }),
    context: fc.constantFrom('a', 'b', 'c').map(inTrace),
  });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 60 }), (records) => {
      const { logger, provider } = deferring({ maxBytes: 20_000, maxRecordBytes: 6_000 });
      for (const one of records) {
        logger.emit(one);
        const { holdingBytes } = provider.stats();
        if (holdingBytes > 20_000) throw new Error(`held ${holdingBytes} bytes`);
        expectAccountsBalance(provider.stats());
      }
    }),
    { numRuns: 100 },
  );
});

test.each([
  undefined,
  null,
  5,
  'text',
  {},
  { attributes: null },
  { attributes: 'ab' },
  { body: Symbol('x') },
])('emit(%p) does not throw', (record) => {
  const { logger, provider } = deferring();
  expect(() => logger.emit(record)).not.toThrow();
  expectAccountsBalance(provider.stats());
});
