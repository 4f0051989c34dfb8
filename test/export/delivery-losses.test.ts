/** Every way in which a record can be lost has its own count, a metric, and a warning. */
import { diag } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { PriorityBatchLogRecordProcessor } from '../../src/export/index.ts';
import { attributesSize, CHARACTER_BYTES, type ReadableLogRecordLike } from '../../src/record/index.ts';
import { expectBalance, handMade, millisUntil, pipeline, turn } from '../support/delivery-pipeline.ts';
import { listen } from '../support/diag-listener.ts';
import { failure, RecordingExporter, type Respond } from '../support/exporters.ts';

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Behaves as the body of the first record specifies. */
class ObedientExporter extends RecordingExporter {
  protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
    const what = records[0]!.body;
    if (what === 'fail') respond(failure('refused'));
    else if (what === 'throw') throw new RangeError('cannot be serialized');
    else if (what !== 'hang') this.take(records, respond);
  }
}

let warnings: string[];

beforeEach(() => {
  warnings = [];
  // The SDK warns through the same logger that a record has many attributes.
  listen((message) => void (message.startsWith('Dropping') || warnings.push(message)));
});
afterEach(() => diag.disable());

async function pointsOf(reader: Reader): Promise<Record<string, unknown>> {
  const { resourceMetrics } = await reader.collect();
  const points = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ value, attributes }) => [
        `${descriptor.name.replace('otel.sdk.processor.log.', '')} ${attributes['error.type'] ?? ''}`.trim(),
        value,
      ]),
    ),
  );
  return Object.fromEntries(points);
}

test('six causes have six counts, a metric that separates exported records, and six warnings', async () => {
  const reader = new Reader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  const { clock, log, processor } = pipeline({
    ...{ exporter: new ObedientExporter(), meterProvider, exportTimeoutMillis: 500 },
    ...{
      maxExportBatchSize: 1,
      maxQueueSize: 3,
      maxQueueBytes: attributesSize({}) + 'taken'.length * CHARACTER_BYTES,
    },
  });
  const times = async (count: number, body: string) => {
    for (let left = count; left > 0; left -= 1) {
      log(body);
      await millisUntil(processor.forceFlush(), clock);
    }
  };
  await times(1, 'taken');
  await times(2, 'fail');
  await times(3, 'hang');
  await times(4, 'throw');
  // An unreadable record is counted like one that cannot be serialized.
  processor.onEmit(
    Object.defineProperty(handMade(''), 'body', {
      get() {
        throw new Error('closed');
      },
    }),
  );
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key ${index}`, index]));
  for (let left = 6; left > 0; left -= 1) log('too big', 'INFO', many);
  for (let left = 1 + 7; left > 0; left -= 1) log('taken');
  await processor.forceFlush();
  const metrics = await pointsOf(reader);
  await processor.shutdown();
  for (let left = 8; left > 0; left -= 1) processor.onEmit(handMade('late'));
  const stats = processor.stats();
  expectBalance(stats);
  expect(stats).toEqual({
    ...{ received: 33, delivered: 2, pending: 0, pendingBytes: 0 },
    failed: { export: 2, timeout: 3, unserializable: 5, size: 6, queue_full: 7, shutdown: 8 },
  });
  expect(metrics).toEqual({
    ...{ processed: 7, 'processed queue_full': 7, 'processed size': 6, 'processed unserializable': 5 },
    ...{ 'processed already_shutdown': 0, 'queue.size': 0, 'queue.capacity': 3 },
  });
  expect(warnings.map((text) => text.replace(/ \(\d+ more like .*$/, ''))).toEqual([
    'PriorityBatchLogRecordProcessor: 1 record was lost (export): Error: refused',
    'PriorityBatchLogRecordProcessor: 1 record was lost (timeout): the exporter did not call back within exportTimeoutMillis (500)',
    'PriorityBatchLogRecordProcessor: 1 record was lost (unserializable): RangeError: cannot be serialized',
    'PriorityBatchLogRecordProcessor: 1 record was lost (size): it is larger than maxQueueBytes',
    'PriorityBatchLogRecordProcessor: 1 record was lost (queue_full): the exporter is too slow or fails',
    'PriorityBatchLogRecordProcessor: 1 record was lost (shutdown): it was emitted after shutdown()',
  ]);
  await meterProvider.shutdown();
});

test('after shutdown() the last values are reported once more, and the callbacks are removed', async () => {
  type Callback = (result: { observe(value: number, attributes?: object): void }) => void;
  const callbacks = new Set<Callback>();
  const instrument = {
    addCallback: (callback: Callback) => void callbacks.add(callback),
    removeCallback: (callback: Callback) => void callbacks.delete(callback),
  };
  const meter = {
    createObservableCounter: () => instrument,
    createObservableUpDownCounter: () => instrument,
  };
  const { log, processor } = pipeline({ meterProvider: { getMeter: () => meter } as never });
  const collect = () => {
    const values: number[] = [];
    for (const callback of callbacks) callback({ observe: (value) => values.push(value) });
    return values;
  };
  log('taken');
  await processor.forceFlush();
  const shown = [1, 0, 0, 0, 0, 0, 65_536];
  expect(collect()).toEqual(shown);
  await processor.shutdown();
  expect(collect()).toEqual(shown);
  await turn();
  expect(callbacks.size).toBe(0);
});

describe('an export', () => {
  test.each([
    ['rejects', () => Promise.reject(new Error('offline')), { failed: { export: 1 } }, 'Error: offline'],
    ['throws', async () => Promise.reject(Object.assign(new Error('no'), { code: 401 })), {}, 'Error: no'],
  ])('that is async and %s has failed at once', async (_how, answer, expected, text) => {
    const exporter = { export: answer, shutdown: async () => {} };
    const { clock, log, processor } = pipeline({ exporter });
    log('lost');
    await processor.forceFlush();
    expect(processor.stats()).toMatchObject({ delivered: 0, pending: 0, ...expected });
    expect(warnings).toEqual([`PriorityBatchLogRecordProcessor: 1 record was lost (export): ${text}`]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('that calls back and rejects afterwards counts with its result', async () => {
    const exporter = {
      export: (_records: unknown, respond: Respond) => {
        respond({ code: 0 });
        return Promise.reject(new Error('afterwards'));
      },
      shutdown: async () => {},
    };
    const { log, processor } = pipeline({ exporter });
    log('taken');
    await processor.forceFlush();
    await turn();
    expect(processor.stats()).toMatchObject({ delivered: 1, failed: { export: 0 } });
    expect(warnings).toEqual([]);
  });
});

describe('a record that a server finds too large', () => {
  const LEAST = 16 * 1024;
  /** A server that takes no request over 100 bytes. */
  const exporter = () =>
    new (class extends RecordingExporter {
      protected override answer(_records: ReadableLogRecordLike[], respond: Respond): void {
        respond(failure('refused', 413));
      }
    })();
  const bodyOf = (bytes: number) => 'x'.repeat((bytes - attributesSize({})) / CHARACTER_BYTES);

  test.each([
    ['is cut to a quarter as long as that is 16 KiB', 4 * LEAST, 2],
    ['is cut twice where it has 20 times as much', 20 * LEAST, 3],
    ['is not cut where a quarter would be less', 4 * LEAST - CHARACTER_BYTES, 1],
  ])('%s, and lost when that does not help', async (_name, bytes, requests) => {
    const { exporter: server, log, processor } = pipeline({ exporter: exporter() });
    log(bodyOf(bytes));
    await processor.forceFlush();
    expect(server.batches.map(([record]) => record!.body.length)).toHaveLength(requests);
    expect(processor.stats()).toMatchObject({ failed: { export: 1 }, pending: 0, pendingBytes: 0 });
  });
});

describe('the options of a batch', () => {
  const exporter = new RecordingExporter();

  test('may not be larger than the default queue, unless the queue is larger, too', () => {
    const create = (options: object) => () => new PriorityBatchLogRecordProcessor({ exporter, ...options });
    expect(create({ maxExportBatchSize: 65_537 })).toThrow(
      'maxExportBatchSize must be a whole number from 1 to 65536, got 65537',
    );
    expect(create({ maxExportBatchSize: 65_536 })).not.toThrow();
    expect(create({ maxExportBatchSize: 65_537, maxQueueSize: 65_537 })).not.toThrow();
  });

  test.each([
    ['no number', 'soon'],
    ['0', 0],
  ])('are used unchanged if the worstCaseMillis of the exporter is %s', async (_name, worstCaseMillis) => {
    const silent = { export: () => {}, shutdown: async () => {}, worstCaseMillis };
    const { clock, log, processor } = pipeline({ exporter: silent });
    log('lost');
    expect(await millisUntil(processor.forceFlush({ timeoutMillis: 60_000 }), clock)).toBe(30_000);
    expect(
      () => new PriorityBatchLogRecordProcessor({ exporter: silent, exportTimeoutMillis: 1 }),
    ).not.toThrow();
  });
});

describe('the resources of a batch', () => {
  test('are awaited together, for all its records', async () => {
    const { exporter, processor } = pipeline();
    const found: (() => void)[] = [];
    const pending = () => ({
      attributes: {},
      asyncAttributesPending: true,
      waitForAsyncAttributes: () => new Promise<void>((resolve) => found.push(resolve)),
    });
    const [one, other] = [pending(), pending()];
    for (const [body, resource] of [
      ['1', one],
      ['2', other],
      ['3', one],
      ['4', { attributes: {} }],
    ] as const) {
      processor.onEmit({ ...handMade(body), resource });
    }
    const flushed = processor.forceFlush();
    await turn();
    expect([found.length, exporter.batches.length]).toEqual([2, 0]);
    found[0]!();
    await turn();
    expect(exporter.batches).toEqual([]);
    found[1]!();
    await flushed;
    expect(exporter.bodies).toEqual(['1', '2', '3', '4']);
  });

  test('that are pending while shutdown() flushes are not awaited either', async () => {
    const { exporter, processor, clock } = pipeline({ maxExportBatchSize: 1 });
    let asked = 0;
    for (const body of ['1', '2']) {
      const waitForAsyncAttributes = () => {
        asked += 1;
        return new Promise<void>(() => {});
      };
      const resource = { attributes: {}, asyncAttributesPending: true, waitForAsyncAttributes };
      processor.onEmit({ ...handMade(body), resource });
    }
    expect(await millisUntil(processor.shutdown(), clock)).toBe(0);
    expect([exporter.bodies, asked]).toEqual([['1', '2'], 2]);
    expect([warnings, clock.pendingTimers]).toEqual([[], 0]);
  });

  test('that are still missing are logged once', async () => {
    const { exporter, processor, clock } = pipeline({ maxExportBatchSize: 1 });
    const waitForAsyncAttributes = () => new Promise<void>(() => {});
    const resource = { attributes: {}, asyncAttributesPending: true, waitForAsyncAttributes };
    for (const body of ['1', '2']) processor.onEmit({ ...handMade(body), resource });
    expect(await millisUntil(processor.forceFlush(), clock)).toBe(5_000);
    expect(exporter.bodies).toEqual(['1', '2']);
    expect(warnings).toEqual([
      'PriorityBatchLogRecordProcessor: resource attributes were still missing after 5000 ms; records are exported without them',
    ]);
  });
});
