import { diag } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import {
  PriorityBatchLogRecordProcessor,
  type PriorityBatchOptions,
  RetryingLogRecordExporter,
} from '../../src/export/index.ts';
import {
  attributesSize,
  CHARACTER_BYTES,
  type ReadableLogRecordLike,
  rankOf,
  Severity,
} from '../../src/record/index.ts';
import {
  expectBalance,
  handMade,
  millisUntil,
  numbers,
  pipeline,
  sizes,
  turn,
} from '../support/delivery-pipeline.ts';
import { listen } from '../support/diag-listener.ts';
import {
  failure,
  HeldExporter,
  RecordingExporter,
  type Respond,
  SilentExporter,
  SUCCESS,
  ThrowingExporter,
} from '../support/exporters.ts';

/** The size of a record without body and attributes. */
const EMPTY_BYTES = attributesSize({});
let warnings: string[];

beforeEach(() => {
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(() => diag.disable());

describe('a batch is exported', () => {
  test('when it is full, in the next turn of the event loop', async () => {
    const { exporter, log } = pipeline({ maxExportBatchSize: 3 });
    for (const number of numbers(3)) log(number);
    expect(exporter.batches).toEqual([]);
    await turn();
    expect(sizes(exporter)).toEqual([3]);
  });

  test('when its first record has waited for the delay, and not before', async () => {
    const { exporter, log, clock } = pipeline({ scheduledDelayMillis: 1_000 });
    log('first');
    clock.advance(600);
    log('second');
    clock.advance(399);
    await turn();
    expect(exporter.batches).toEqual([]);
    clock.advance(1);
    await turn();
    expect(exporter.bodies).toEqual(['first', 'second']);
  });

  test('and the remaining records wait for their own batch or delay', async () => {
    const { exporter, log, clock } = pipeline({ maxExportBatchSize: 3 });
    for (const number of numbers(7)) log(number);
    await exporter.exported(2);
    expect(sizes(exporter)).toEqual([3, 3]);
    expect(await millisUntil(exporter.exported(3), clock)).toBe(1_000);
    await turn();
    expect(sizes(exporter)).toEqual([3, 3, 1]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('and the delay of a record emitted during an export is not restarted after it', async () => {
    const exporter = new HeldExporter();
    const { log, clock } = pipeline({ exporter, maxExportBatchSize: 2 });
    for (const number of numbers(3)) log(number);
    await exporter.exported(1);
    clock.advance(600);
    exporter.release();
    await turn();
    clock.advance(400);
    await turn();
    expect(sizes(exporter)).toEqual([2, 1]);
  });

  test('before its bytes exceed maxExportBatchBytes; a large record is exported alone', async () => {
    const { exporter, log, processor } = pipeline({ maxExportBatchBytes: 10_000 });
    for (const length of [1_000, 1_000, 1_000, 1_000, 4_500, 1_000]) log('x'.repeat(length));
    await processor.forceFlush();
    expect(exporter.batches.map((batch) => batch.map((record) => record.body.length))).toEqual([
      [1_000, 1_000, 1_000, 1_000],
      [4_500],
      [1_000],
    ]);
  });

  test('when it is full by its bytes, without waiting for the delay', async () => {
    const { exporter, log } = pipeline({ maxExportBatchBytes: 10_000 });
    for (const _ of numbers(5)) log('x'.repeat(1_000));
    await turn();
    expect(sizes(exporter)[0]).toBe(4);
  });

  test('before a queue that is small in bytes must drop anything', async () => {
    const { exporter, log, processor } = pipeline({ maxQueueBytes: 10 * (EMPTY_BYTES + 200) });
    for (const number of numbers(100)) {
      log(String(number).padEnd(100));
      if (number % 5 === 0) await turn();
    }
    await processor.forceFlush();
    expect(processor.stats().failed.queue_full).toBe(0);
    expect(exporter.records).toHaveLength(100);
  });

  test('with the records as the SDK created them', async () => {
    const { exporter, log, processor } = pipeline({
      resource: resourceFromAttributes({ 'service.name': 'shop' }),
    });
    log('text', 'WARN', { user: 'leo' });
    await processor.forceFlush();
    expect(exporter.records[0]).toMatchObject({
      body: 'text',
      severityNumber: Severity.WARN,
      attributes: { user: 'leo' },
      instrumentationScope: { name: 'test' },
      resource: { attributes: { 'service.name': 'shop' } },
    });
  });

  test('with its object bodies as they were when emitted (E12)', async () => {
    const { exporter, log, processor } = pipeline();
    const cart = { items: ['book'] };
    log(cart, 'INFO', { user: 'leo' });
    cart.items.push('pen');
    await processor.forceFlush();
    expect(exporter.records[0]).toMatchObject({ body: { items: ['book'] }, attributes: { user: 'leo' } });
  });

  test('in the order in which its records were emitted, whatever their severities and the pauses', async () => {
    const step = fc.oneof(fc.integer({ min: 0, max: 24 }), fc.constantFrom('turn', 'delay', 'flush'));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { exporter, log, processor, clock } = pipeline({ maxExportBatchSize: 4 });
        let count = 0;
        for (const doStep of steps) {
          if (typeof doStep === 'number') log(count++, doStep);
          else if (doStep === 'turn') await turn();
          else if (doStep === 'delay') clock.advance(1_000);
          else void processor.forceFlush();
        }
        await processor.forceFlush();
        expect(exporter.bodies).toEqual(numbers(count));
      }),
    );
  });

  test('of 10,000 records in one tick every one arrives, in order (E6)', async () => {
    const { exporter, log, provider } = pipeline();
    for (const number of numbers(10_000)) log(number);
    await provider.shutdown();
    expect(exporter.bodies).toEqual(numbers(10_000));
    expect(Math.max(...sizes(exporter))).toBe(512);
  });

  test('and a long queue does not block the event loop', async () => {
    const slow = new (class extends RecordingExporter {
      protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
        for (const startedAt = performance.now(); performance.now() - startedAt < 4; );
        this.take(records, respond);
      }
    })();
    const { log, processor } = pipeline({ exporter: slow, maxExportBatchSize: 10 });
    for (const number of numbers(300)) log(number);
    await slow.exported(1);
    await turn();
    expect(slow.batches.length).toBeLessThan(10);
    await processor.forceFlush();
    expect(slow.batches).toHaveLength(30);
  });
});

describe('when the queue is full', () => {
  test('by records, the oldest of the quietest is dropped', async () => {
    const { exporter, log, processor } = pipeline({ maxQueueSize: 4 });
    log('old error', 'ERROR');
    log('old debug', 'DEBUG');
    log('new debug', 'DEBUG');
    log('old info', 'INFO');
    log('new error', 'ERROR');
    log('fatal', 'FATAL');
    log('new info', 'INFO');
    log('late debug', 'DEBUG');
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(['old error', 'new error', 'fatal', 'new info']);
    expect(processor.stats().failed.queue_full).toBe(4);
  });

  test('by bytes, as many are dropped as necessary', async () => {
    const { exporter, log, processor } = pipeline({ maxQueueBytes: 4 * EMPTY_BYTES + 8_000 });
    log('x'.repeat(1_000), 'ERROR');
    log('y'.repeat(1_000), 'DEBUG');
    log('z'.repeat(1_000), 'DEBUG2');
    log('w'.repeat(3_000), 'WARN');
    await processor.forceFlush();
    expect(exporter.bodies.map((body) => String(body)[0])).toEqual(['x', 'w']);
  });

  test('the bytes of an export in progress count, and are free again after it', async () => {
    const exporter = new HeldExporter();
    const { log, processor } = pipeline({
      exporter,
      maxQueueBytes: 4 * EMPTY_BYTES,
      maxExportBatchSize: 2,
    });
    for (const number of numbers(2)) log(number);
    await exporter.exported(1);
    for (const number of numbers(3)) log(10 + number);
    expect(processor.stats()).toMatchObject({ pending: 4, pendingBytes: 4 * EMPTY_BYTES });
    expect(processor.stats().failed.queue_full).toBe(1);
    exporter.release();
    await exporter.exported(2);
    expect(processor.stats().pendingBytes).toBe(2 * EMPTY_BYTES);
  });

  test('an object body, or an attribute, counts with all its values', async () => {
    const { log, processor } = pipeline({ exporter: new HeldExporter() });
    log({ cart: { items: ['x'.repeat(1_000)] } });
    log('text', 'INFO', { items: ['x'.repeat(1_000)] });
    const { pendingBytes } = processor.stats();
    expect(pendingBytes).toBeGreaterThanOrEqual(2 * (EMPTY_BYTES + 1_000 * CHARACTER_BYTES));
    expect(pendingBytes).toBeLessThan(2 * (EMPTY_BYTES + 1_200 * CHARACTER_BYTES));
  });

  test('an error emitted after 3,000 debug records while the exporter hangs is not lost', async () => {
    const exporter = new HeldExporter();
    const { log, processor } = pipeline({ exporter, maxQueueSize: 2_048 });
    for (const number of numbers(3_000)) log(number, 'DEBUG');
    log('failed', 'ERROR');
    exporter.open();
    await processor.forceFlush();
    expect(exporter.bodies.at(-1)).toBe('failed');
  });

  test('a record larger than the queue is refused, and nothing is dropped for it', async () => {
    const { exporter, log, processor } = pipeline({ maxQueueBytes: EMPTY_BYTES + 10 });
    log('kept', 'DEBUG');
    log('text', 'FATAL', Object.fromEntries(numbers(100).map((number) => [`key ${number}`, number])));
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(['kept']);
    expect(processor.stats().failed).toMatchObject({ size: 1, queue_full: 0 });
  });

  test('a dropped record is never louder than the remaining ones, and the rest is exported in order', async () => {
    const severity = fc.option(fc.integer({ min: 1, max: 24 }), { nil: undefined });
    const emitted = fc.tuple(severity, fc.constantFrom(0, 0, 0, 100, 900, 4_000));
    const step = fc.oneof(
      { weight: 6, arbitrary: emitted },
      { weight: 1, arbitrary: fc.constantFrom('turn', 'delay', 'flush') },
      { weight: 2, arbitrary: fc.constantFrom('release', 'fail') },
    );
    const bounds = fc.record({
      maxQueueSize: fc.integer({ min: 1, max: 12 }),
      maxQueueBytes: fc.integer({ min: 9_000, max: 20_000 }),
      maxExportBatchBytes: fc.integer({ min: 9_000, max: 12_000 }),
      maxConcurrentExports: fc.integer({ min: 1, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), bounds, async (steps, options) => {
        const model = new QueueModel(options.maxQueueSize, options.maxQueueBytes);
        const { clock, log, processor } = pipeline({ exporter: model.exporter, ...options });
        for (const doStep of steps) {
          if (Array.isArray(doStep)) {
            const [ofRecord, length] = doStep;
            log(model.emit(ofRecord, length), ofRecord);
          } else if (doStep === 'turn') await turn();
          else if (doStep === 'delay') clock.advance(1_000);
          else if (doStep === 'flush') void processor.forceFlush();
          else await model.release(doStep === 'fail' ? failure('refused') : SUCCESS);
          expect(processor.stats().failed).toMatchObject({ queue_full: model.dropped, size: model.refused });
          expectBalance(processor.stats());
        }
        model.exporter.open();
        await processor.forceFlush();
        expect(model.exporter.batches.flat().map((record) => record.body)).toEqual(model.exported);
        expect(model.waiting).toEqual([]);
      }),
    );
  });
});

interface Waiting {
  readonly body: string;
  readonly rank: number;
  readonly size: number;
}

/**
 * The queue as an array. It learns from the exporter what has left, and knows itself what must have been
 * dropped.
 */
class QueueModel {
  readonly exporter: HeldExporter;
  readonly exported: string[] = [];
  waiting: Waiting[] = [];
  dropped = 0;
  refused = 0;
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  #inFlight: number[] = [];
  #count = 0;

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
    const take = (count: number) => this.#take(count);
    this.exporter = new (class extends HeldExporter {
      override export(records: ReadableLogRecordLike[], respond: Respond): void {
        take(records.length);
        super.export(records, respond);
      }
    })();
  }

  /** @returns the body to log */
  emit(severity: number | undefined, length: number): string {
    this.#count += 1;
    const body = `${this.#count} `.padEnd(length);
    const size = EMPTY_BYTES + body.length * CHARACTER_BYTES;
    if (size > this.#maxBytes) this.refused += 1;
    else this.waiting.push({ body, rank: rankOf(severity), size });
    while (this.waiting.length > this.#maxRecords || this.#bytes > this.#maxBytes) {
      const quietest = Math.min(...this.waiting.map(({ rank }) => rank));
      const [gone] = this.waiting.splice(
        this.waiting.findIndex(({ rank }) => rank === quietest),
        1,
      );
      if (gone === undefined) break;
      this.dropped += 1;
      expect(this.waiting.every(({ rank }) => rank >= gone.rank)).toBe(true);
    }
    return body;
  }

  async release(result: typeof SUCCESS): Promise<void> {
    if (this.exporter.held === 0) return;
    this.exporter.release(result);
    this.#inFlight.shift();
    await turn();
  }

  get #bytes(): number {
    const waiting = this.waiting.reduce((sum, { size }) => sum + size, 0);
    return this.#inFlight.reduce((sum, bytes) => sum + bytes, waiting);
  }

  #take(count: number): void {
    const taken = this.waiting.splice(0, count);
    this.exported.push(...taken.map(({ body }) => body));
    this.#inFlight.push(taken.reduce((sum, { size }) => sum + size, 0));
  }
}

describe('onEmit()', () => {
  const broken = (name: string, thrown: unknown) =>
    Object.defineProperty(handMade('text'), name, {
      get() {
        throw thrown;
      },
    });

  test.each(['body', 'attributes', 'severityNumber'])('does not throw when reading %s does (E9)', (name) => {
    const { processor } = pipeline();
    expect(() => processor.onEmit(broken(name, new Error('closed')))).not.toThrow();
    expect(processor.stats()).toMatchObject({ received: 1, failed: { unserializable: 1 }, pending: 0 });
    expect(warnings[0]).toContain('closed');
  });

  test('does not throw if the thrown value cannot be shown, and the diag logger throws, too', () => {
    listen(() => {
      throw new Error('broken too');
    });
    const { processor } = pipeline();
    expect(() => processor.onEmit(broken('body', Object.create(null)))).not.toThrow();
    expect(processor.stats().failed.unserializable).toBe(1);
  });

  test('accepts a revoked proxy from a previous processor without an effect on the application (E9)', async () => {
    const before = {
      onEmit(record: { setBody(body: unknown): unknown }) {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        record.setBody(proxy);
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const { exporter, log, processor } = pipeline({ before });
    log('replaced');
    await processor.forceFlush();
    expect(exporter.bodies).toEqual([expect.stringContaining('threw TypeError')]);
  });

  test('does not call the exporter, so that the exporter cannot block the application', () => {
    const { exporter, log } = pipeline({ exporter: new ThrowingExporter(), maxExportBatchSize: 1 });
    log('text');
    expect(exporter.calls).toEqual([]);
  });
});

describe('options', () => {
  const exporter = new RecordingExporter();

  test.each<[object, string]>([
    [{ maxQueueSize: 0 }, 'maxQueueSize must be a whole number from 1, got 0'],
    [{ maxQueueSize: '10' }, 'maxQueueSize must be a whole number from 1, got "10"'],
    [{ maxQueueBytes: 0.5 }, 'maxQueueBytes must be a whole number from 1, got 0.5'],
    [{ maxExportBatchSize: 0 }, 'maxExportBatchSize must be a whole number from 1, got 0'],
    [
      { maxQueueSize: 10, maxExportBatchSize: 11 },
      'maxExportBatchSize must be a whole number from 1 to 10, got 11',
    ],
    [{ maxExportBatchBytes: -1 }, 'maxExportBatchBytes must be a whole number from 1, got -1'],
    [{ scheduledDelayMillis: -1 }, 'scheduledDelayMillis must be a number of milliseconds from 0, got -1'],
    [{ exportTimeoutMillis: 0 }, 'exportTimeoutMillis must be a number of milliseconds from 1, got 0'],
    [
      { shutdownTimeoutMillis: Number.NaN },
      'shutdownTimeoutMillis must be a number of milliseconds from 0, got NaN',
    ],
    [{ maxConcurrentExports: 0 }, 'maxConcurrentExports must be a whole number from 1, got 0'],
    [{ meterProvider: {} }, 'meterProvider must be an object with getMeter(), got an object'],
    [{ componentName: 5 }, 'componentName must be a string, got 5'],
    [{ clock: Date }, 'clock must be an object with now(), monotonicNow(), after(), got a function'],
    [{ exporter: undefined }, 'exporter must be an object with export(), shutdown(), got undefined'],
    [{ exporter: { export() {} } }, 'exporter must be an object with export(), shutdown(), got an object'],
  ])('that are wrong say option, expected and value: %j', (options, message) => {
    const create = () =>
      new PriorityBatchLogRecordProcessor({ exporter, ...options } as PriorityBatchOptions);
    expect(create).toThrow(message);
  });

  test('that are unknown are refused, and so is a value that is not an object', () => {
    expect(
      () => new PriorityBatchLogRecordProcessor({ exporter, maxQueue: 1 } as PriorityBatchOptions),
    ).toThrow(/^PriorityBatchLogRecordProcessor has no option "maxQueue"/);
    expect(() => new PriorityBatchLogRecordProcessor(exporter as unknown as PriorityBatchOptions)).toThrow(
      'PriorityBatchLogRecordProcessor has no option "batches"',
    );
    expect(() => new PriorityBatchLogRecordProcessor(undefined as unknown as PriorityBatchOptions)).toThrow(
      'PriorityBatchLogRecordProcessor must be an object, got undefined',
    );
  });

  test('that are undefined have their defaults; a small queue makes small batches', async () => {
    const { log, exporter: taken } = pipeline({
      maxQueueSize: 3,
      maxExportBatchSize: undefined as unknown as number,
    });
    for (const number of numbers(3)) log(number);
    await turn();
    expect(sizes(taken)).toEqual([3]);
  });

  test('the timeout must exceed the time that the exporter takes for its retries, and does so by default', async () => {
    const retrying = new RetryingLogRecordExporter({
      exporter,
      maxElapsedMillis: 60_000,
      attemptTimeoutMillis: 10_000,
    });
    const create = (exportTimeoutMillis: number) =>
      new PriorityBatchLogRecordProcessor({ exporter: retrying, exportTimeoutMillis });
    expect(() => create(70_000)).toThrow(
      'exportTimeoutMillis must be a number of milliseconds from 70001, got 70000',
    );
    expect(() => create(70_001)).not.toThrow();

    const silent = Object.assign(new SilentExporter(), { worstCaseMillis: 70_000 });
    const { log, processor, clock } = pipeline({ exporter: silent });
    log('text');
    expect(await millisUntil(processor.forceFlush({ timeoutMillis: 100_000 }), clock)).toBe(75_000);
  });

  test('of an exporter with an invalid maxConcurrentExports are refused', () => {
    const senseless = Object.assign(new RecordingExporter(), { maxConcurrentExports: 0 });
    expect(() => new PriorityBatchLogRecordProcessor({ exporter: senseless })).toThrow(
      'maxConcurrentExports must be a whole number from 1, got 0',
    );
  });
});

describe('the environment', () => {
  const variables = ['MAX_QUEUE_SIZE', 'MAX_EXPORT_BATCH_SIZE', 'SCHEDULE_DELAY', 'EXPORT_TIMEOUT'];
  const set = (name: string, value: string) => {
    process.env[`OTEL_BLRP_${name}`] = value;
  };
  afterEach(() => {
    for (const name of variables) delete process.env[`OTEL_BLRP_${name}`];
    diag.disable();
  });

  test('provides the options that are not set', async () => {
    set('MAX_QUEUE_SIZE', '4');
    set('MAX_EXPORT_BATCH_SIZE', '2');
    set('SCHEDULE_DELAY', '50');
    set('EXPORT_TIMEOUT', '700');
    const { log, processor, exporter, clock } = pipeline({ exporter: new SilentExporter() });
    log('one');
    clock.advance(50);
    await exporter.exported(1);
    clock.advance(700);
    await turn();
    expect(processor.stats().failed.timeout).toBe(1);
    for (const number of numbers(9)) log(number);
    await exporter.exported(2);
    expect(sizes(exporter)).toEqual([1, 2]);
    expect(processor.stats().failed.queue_full).toBe(5);
  });

  test('accepts the minimum of an option', async () => {
    const warnings: string[] = [];
    listen((message) => void warnings.push(message));
    for (const name of ['MAX_QUEUE_SIZE', 'MAX_EXPORT_BATCH_SIZE', 'EXPORT_TIMEOUT']) set(name, '1');
    set('SCHEDULE_DELAY', '0');
    const { log, processor, exporter, clock } = pipeline({ exporter: new SilentExporter() });
    log('one');
    await exporter.exported(1);
    log('two');
    clock.advance(1);
    await exporter.exported(2);
    expect([sizes(exporter), processor.stats().failed.timeout]).toEqual([[1, 1], 1]);
    expect(warnings.filter((text) => text.includes('OTEL_BLRP'))).toEqual([]);
  });

  test('has lower precedence than the options', async () => {
    set('MAX_EXPORT_BATCH_SIZE', '2');
    set('MAX_QUEUE_SIZE', '2');
    const { log, processor, exporter } = pipeline({ maxExportBatchSize: 5 });
    for (const number of numbers(5)) log(number);
    await processor.forceFlush();
    expect(sizes(exporter)).toEqual([5]);
  });

  test('is clamped to the bounds of the options: it never makes a constructor throw', async () => {
    set('MAX_EXPORT_BATCH_SIZE', '1000000');
    set('EXPORT_TIMEOUT', '1');
    const retrying = new RetryingLogRecordExporter({ exporter: new RecordingExporter() });
    const create = () => new PriorityBatchLogRecordProcessor({ exporter: retrying, maxQueueSize: 10 });
    expect(create).not.toThrow();
  });

  test.each(['many', '-1', '1.5', '1e400'])('is ignored with a warning if it is %p', (value) => {
    const warnings: string[] = [];
    listen((message) => void warnings.push(message));
    set('MAX_QUEUE_SIZE', value);
    set('SCHEDULE_DELAY', '');
    expect(() => new PriorityBatchLogRecordProcessor({ exporter: new RecordingExporter() })).not.toThrow();
    expect(warnings).toEqual([
      `OTEL_BLRP_MAX_QUEUE_SIZE must be a whole number from 1, got "${value}"; it is ignored`,
    ]);
  });
});
