/** The default values of options, and values that depend on other options. */

import type { BurstExporterOptions, BurstLoggerProviderOptions } from '../../src/burst/index.ts';
import { resolveBurstOptions, resolveProviderOptions } from '../../src/burst/resolve-options.ts';
import { TriggerRules } from '../../src/burst/trigger-rules.ts';
import { RetryingLogRecordExporter } from '../../src/export/index.ts';

const exporter = { export() {}, forceFlush: async () => {}, shutdown: async () => {} };
const MIB = 1024 * 1024;

const ofProcessor = (options: Partial<BurstExporterOptions> = {}) =>
  resolveBurstOptions({ exporter, ...options });
const ofProvider = (options: object = {}) =>
  resolveProviderOptions({
    provider: { getLogger: () => ({ emit() {} }), forceFlush: async () => {}, shutdown: async () => {} },
    ...options,
  } as BurstLoggerProviderOptions);

test('the defaults are those of the documentation', () => {
  const { clock: _, target: __, levels, ...options } = ofProcessor();
  expect(levels.only).toBe(1);
  expect(options).toEqual({
    ...{
      emitLevel: 9,
      burstLevel: 17,
      exceptions: false,
      when: undefined,
      scope: 'trace',
      order: 'immediate',
    },
    bounds: {
      ...{
        capacity: 1_000,
        threshold: 1,
        maxRecordBytes: 2 * MIB,
        maxAgeMillis: 600_000,
        idleMillis: 60_000,
      },
      ...{ maxDelayMillis: 10_000, after: { records: 100, millis: 10_000 } },
    },
    ...{
      maxBytes: 32 * MIB,
      limit: { records: 60_000, millis: 60_000, reserve: 0.5 },
      fingerprint: undefined,
    },
    ...{ replayBatch: 512, maxLoudBytes: 2 * MIB, flushTimeoutMillis: 10_000 },
    ...{ blackBox: undefined, meterProvider: undefined },
  });
  const { clock: ___, levels: ____, provider: _____, ...provided } = ofProvider();
  expect(provided).toEqual(options);
});

test('chronological order has one scope, and a threshold of 0.8', () => {
  const { scope, bounds } = ofProcessor({ order: 'chronological' });
  expect([scope, bounds.threshold]).toEqual(['global', 0.8]);
  expect(ofProcessor({ order: 'chronological', threshold: 0.5 }).bounds.threshold).toBe(0.5);
});

test('maxRecordBytes defaults to a sixteenth of maxBytes, rounded up', () => {
  expect(ofProcessor({ maxBytes: 1_601 }).bounds.maxRecordBytes).toBe(101);
  expect(ofProcessor({ maxBytes: 1_600 }).bounds.maxRecordBytes).toBe(100);
  expect(ofProcessor({ maxBytes: 1_600, maxRecordBytes: 7 }).bounds.maxRecordBytes).toBe(7);
});

test.each([
  ['a batch, where that is less', { delivery: { maxExportBatchBytes: 5_000 } }, 5_000],
  ['half of maxBytes, where that is less', { maxBytes: 9_999 }, 5_000],
  ['two MiB otherwise', {}, 2 * MIB],
])('a loud record is truncated at %s', (_name, options, expected) => {
  expect(ofProcessor(options).maxLoudBytes).toBe(expected);
});

test('in the provider form a loud record is truncated at two MiB or half of maxBytes', () => {
  expect(ofProvider().maxLoudBytes).toBe(2 * MIB);
  expect(ofProvider({ maxBytes: 4 * MIB - 1 }).maxLoudBytes).toBe(2 * MIB);
  expect(ofProvider({ maxBytes: 2 * MIB + 1 }).maxLoudBytes).toBe(MIB + 1);
});

test('the replay batch is at most half of the queue size, and at least one record', () => {
  const batchOf = (maxQueueSize: number, replayBatch = 512) =>
    ofProcessor({ replayBatch, delivery: { maxQueueSize } }).replayBatch;
  expect([batchOf(1_024), batchOf(1_023), batchOf(1_022), batchOf(1), batchOf(100, 20)]).toEqual([
    ...[512, 512, 511, 1, 20],
  ]);
});

test.each([
  ['60,000 records', {}, 60_000],
  ['a whole key, if that is more', { capacity: 60_001 }, 60_001],
  ['what is said, also if a whole key is more', { capacity: 60_001, limit: { records: 10 } }, 10],
])('the limit is %s', (_name, options, records) => {
  expect(ofProcessor(options).limit).toMatchObject({ records });
});

test.each([[false as const], [{ records: Number.POSITIVE_INFINITY }]])(
  'with limit %j there is none',
  (limit) => {
    expect(ofProcessor({ limit }).limit).toBe(false);
  },
);

test('a disabled after-window is one that passes no records', () => {
  expect(ofProcessor({ after: false }).bounds.after).toEqual({ records: 0, millis: 0 });
});

describe('the exporter', () => {
  const deliveryOf = (options: Partial<BurstExporterOptions>) => {
    const { target } = ofProcessor(options);
    if (!('delivery' in target)) throw new Error('no exporter form');
    return target.delivery;
  };

  test('is retried, shares maxBytes, and delivers as its options say', () => {
    const delivery = deliveryOf({ maxBytes: 12_345, delivery: { maxQueueSize: 77 } });
    expect(delivery.exporter).toBeInstanceOf(RetryingLogRecordExporter);
    expect(delivery).toMatchObject({ maxQueueBytes: 12_345, maxQueueSize: 77, exportTimeoutMillis: 335_000 });
  });

  test('is retried for maxElapsedMillis, and its timeout exceeds that', () => {
    const { exporter: retrying, exportTimeoutMillis } = deliveryOf({
      delivery: { retry: { maxElapsedMillis: 60_000, attemptTimeoutMillis: 5_000 } },
    });
    expect(retrying).toMatchObject({ maxElapsedMillis: 60_000, worstCaseMillis: 65_000 });
    expect(exportTimeoutMillis).toBe(70_000);
  });

  test('is not wrapped if it retries by itself, or retry is false', () => {
    expect(deliveryOf({ delivery: { retry: false } }).exporter).toBe(exporter);
    const own = new RetryingLogRecordExporter({ exporter });
    expect(deliveryOf({ exporter: own }).exporter).toBe(own);
    expect(deliveryOf({ exporter: own, delivery: { retry: false } }).exporter).toBe(own);
    expect(() => ofProcessor({ exporter: own, delivery: { retry: {} } })).toThrow(
      'delivery.retry must be false or omitted for an exporter that retries by itself',
    );
  });
});

test.each([
  ['nothing is', {}, false],
  ['exceptions are', { exceptions: true }, true],
  ['a predicate is', { when: () => false }, true],
])('quiet records are checked if %s set', (_name, triggers, askQuiet) => {
  expect(new TriggerRules(ofProcessor({ triggers }), undefined as never, undefined as never).askQuiet).toBe(
    askQuiet,
  );
});
