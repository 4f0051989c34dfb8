import { context, diag } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import {
  isExporting,
  PriorityBatchLogRecordProcessor,
  RetryingLogRecordExporter,
} from '../../src/export/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import {
  failedRecords,
  handMade,
  millisUntil,
  numbers,
  pipeline,
  sizes,
  turn,
  watched,
} from '../support/delivery-pipeline.ts';
import { listen } from '../support/diag-listener.ts';
import {
  FailingExporter,
  failure,
  HeldExporter,
  RecordingExporter,
  type Respond,
  type SUCCESS,
  ThrowingExporter,
  TwiceExporter,
} from '../support/exporters.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.js';

const otlp = (url: string) => new OTLPLogExporter({ url });
const closers: (() => unknown)[] = [];
let warnings: string[];

beforeEach(() => {
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  diag.disable();
});

async function receiver() {
  const started = await startOtlpReceiver();
  closers.push(() => started.stop());
  return started;
}

describe('exports', () => {
  test('run one at a time', async () => {
    const exporter = new HeldExporter();
    const { log } = pipeline({ exporter, maxExportBatchSize: 2 });
    for (const number of numbers(6)) log(number);
    await turn();
    expect(exporter.held).toBe(1);
    exporter.release();
    await exporter.exported(2);
    expect(exporter.held).toBe(1);
  });

  test.each([
    ['the option says so', undefined, 3, 3],
    ['the exporter bears more', 4, undefined, 4],
    ['the option limits what the exporter bears', 4, 2, 2],
  ])('run several at a time if %s', async (_name, ofExporter, ofOption, expected) => {
    const exporter = Object.assign(new HeldExporter(), { maxConcurrentExports: ofExporter });
    const { log } = pipeline({
      exporter: exporter as HeldExporter,
      maxExportBatchSize: 2,
      ...(ofOption === undefined ? {} : { maxConcurrentExports: ofOption }),
    });
    for (const number of numbers(20)) log(number);
    await turn();
    expect(exporter.held).toBe(expected);
    expect(exporter.batches.flat().map((record) => record.body)).toEqual(numbers(2 * expected));
  });

  test('that failed are counted and logged, and the next batch follows', async () => {
    const exporter = new FailingExporter(1, failure('collector away', 14));
    const { log, processor } = pipeline({ exporter, maxExportBatchSize: 2 });
    for (const number of numbers(4)) log(number);
    await processor.forceFlush();
    expect(exporter.bodies).toEqual([2, 3]);
    expect(processor.stats()).toMatchObject({ delivered: 2, failed: { export: 2 }, pending: 0 });
    expect(warnings).toEqual([
      'PriorityBatchLogRecordProcessor: 2 records were lost (export): Error: collector away',
    ]);
  });

  test('that never call back count as failed after exportTimeoutMillis; later results are ignored', async () => {
    const exporter = new HeldExporter();
    const { log, processor, clock } = pipeline({ exporter, exportTimeoutMillis: 5_000 });
    log('first');
    const flushed = processor.forceFlush();
    clock.advance(4_999);
    await turn();
    expect(processor.stats()).toMatchObject({ pending: 1, failed: { timeout: 0 } });
    expect(await millisUntil(flushed, clock)).toBeLessThan(1_000);
    expect(processor.stats()).toMatchObject({ pending: 0, failed: { timeout: 1 } });
    exporter.release();
    exporter.open();
    log('second');
    await processor.forceFlush();
    expect(processor.stats()).toMatchObject({ received: 2, delivered: 1, failed: { timeout: 1 } });
  });

  test('have no timeout if exportTimeoutMillis is Infinity', async () => {
    const exporter = new HeldExporter();
    const { log, processor, clock } = pipeline({ exporter, exportTimeoutMillis: Number.POSITIVE_INFINITY });
    log('slow');
    const flushed = watched(processor.forceFlush({ timeoutMillis: Number.POSITIVE_INFINITY }));
    clock.advance(86_400_000);
    await turn();
    expect([flushed.settled, processor.stats().pending]).toEqual([false, 1]);
    exporter.release();
    await turn();
    expect(processor.stats().delivered).toBe(1);
  });

  test('that call back twice count once, with the first result', async () => {
    const { log, processor } = pipeline({ exporter: new TwiceExporter() });
    log('once');
    await processor.forceFlush();
    expect(processor.stats()).toMatchObject({ delivered: 1, pending: 0 });
    expect(failedRecords(processor.stats())).toBe(0);
  });

  test('that call back and then throw count with their result', async () => {
    const exporter = new (class extends RecordingExporter {
      protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
        this.take(records, respond);
        throw new Error('after all');
      }
    })();
    const { log, processor } = pipeline({ exporter });
    log('once');
    log('twice');
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(['once', 'twice']);
    expect(processor.stats()).toMatchObject({ delivered: 2, pending: 0 });
  });

  test('that call back without a result, or without a reason, have failed', async () => {
    const results = [undefined, { code: 1 }] as unknown as (typeof SUCCESS)[];
    const exporter = new (class extends RecordingExporter {
      protected override answer(_records: ReadableLogRecordLike[], respond: Respond): void {
        respond(results.shift()!);
      }
    })();
    const { log, processor } = pipeline({ exporter, maxExportBatchSize: 1 });
    log(1);
    log(2);
    await processor.forceFlush();
    expect(processor.stats()).toMatchObject({ failed: { export: 2 }, pending: 0 });
    expect(warnings[0]).toContain('no reason given');
  });

  test('trace nothing of their own, and are recognised as exports', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    closers.push(() => context.disable());
    const tracer = new TracerProvider().getTracer('exporter');
    const seen: boolean[] = [];
    const look = () => seen.push(tracer.startSpan('request').isRecording(), isExporting(context.active()));
    const exporter = new (class extends RecordingExporter {
      protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
        look();
        this.take(records, respond);
      }
    })();
    const { log, processor } = pipeline({ exporter });
    log('text');
    await processor.forceFlush();
    look();
    expect(seen).toEqual([false, true, true, false]);
  });

  test('of 1,000 records in a tick over OTLP/gRPC: 30 arrive through the Simple processor, all through ours (E15)', async () => {
    const [ofSimple, ofOurs] = [await receiver(), await receiver()];
    const simple = new LoggerProvider({
      processors: [new SimpleLogRecordProcessor({ exporter: otlp(ofSimple.url) })],
    });
    const ours = new LoggerProvider({
      processors: [new PriorityBatchLogRecordProcessor({ exporter: otlp(ofOurs.url) })],
    });
    for (const provider of [simple, ours]) {
      for (const number of numbers(1_000)) provider.getLogger('test').emit({ body: number });
      await provider.shutdown();
    }
    expect(ofSimple.records).toHaveLength(30);
    expect(ofOurs.records.map((record) => record.body)).toEqual(numbers(1_000));
  });
});

describe('a record that cannot be serialized', () => {
  const isPoison = (record: ReadableLogRecordLike) => record.attributes.poison === true;

  test('is lost alone; the others of its batch are exported in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), async (poisons) => {
        const exporter = new ThrowingExporter(isPoison);
        const { log, processor, clock } = pipeline({ exporter, maxExportBatchSize: 16, maxQueueSize: 64 });
        for (const [number, poison] of poisons.entries()) log(number, 'INFO', { poison });
        await processor.forceFlush();
        const good = numbers(poisons.length).filter((number) => !poisons[number]);
        expect(exporter.bodies).toEqual(good);
        expect(processor.stats()).toMatchObject({
          delivered: good.length,
          failed: { unserializable: poisons.length - good.length },
          pending: 0,
          pendingBytes: 0,
        });
        expect(clock.pendingTimers).toBe(0);
      }),
    );
  });

  // The SDK checks attributes, but not those that a processor writes without its setters. This one can be
  // read while the record is taken, and no more when it is exported.
  const poisoner = {
    onEmit(record: ReadableLogRecordLike) {
      if (record.body !== 250) return;
      let reads = 0;
      const get = () => {
        reads += 1;
        if (reads > 2) throw new Error('closed');
        return 'open';
      };
      Object.defineProperty(record.attributes, 'connection', { enumerable: true, get });
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  test.each([
    ['the OTLP exporter', (url: string) => otlp(url)],
    ['the retrying one around it', (url: string) => new RetryingLogRecordExporter({ exporter: otlp(url) })],
  ])('does not affect the 511 others of its batch with %s (E13)', async (_name, exporterOf) => {
    const started = await receiver();
    const { log, processor, provider } = pipeline({ exporter: exporterOf(started.url), before: poisoner });
    closers.push(() => provider.shutdown());
    for (const number of numbers(512)) log(number);
    await processor.forceFlush();
    expect(started.records.map((record) => record.body)).toEqual(
      numbers(512).filter((number) => number !== 250),
    );
    expect(processor.stats()).toMatchObject({ delivered: 511, failed: { unserializable: 1 }, pending: 0 });
  });

  test.each<[string, unknown]>([
    ['a circular body', circularList()],
    ['a body 20,000 levels deep', nestedList(20_000)],
    [
      'a body with a getter that throws',
      {
        get x() {
          throw new Error('closed');
        },
      },
    ],
    ['a bigint', 1n],
    ['a symbol', Symbol('s')],
    ['a function', () => 1],
    ['a Map', new Map([['a', new Date(0)]])],
  ])('is not this one, over OTLP: %s (E13)', async (_name, body) => {
    const started = await receiver();
    const { log, processor, provider } = pipeline({ exporter: otlp(started.url) });
    closers.push(() => provider.shutdown());
    log('before');
    log(body);
    log('after');
    await processor.forceFlush();
    expect(started.records).toHaveLength(3);
    expect(processor.stats().delivered).toBe(3);
  });

  test('of an exporter that always throws, no timer stays and no batch (E5)', async () => {
    const { log, processor, clock } = pipeline({
      exporter: new ThrowingExporter(),
      exportTimeoutMillis: 3_000,
    });
    for (const number of numbers(5)) log(number);
    await processor.forceFlush();
    expect(processor.stats()).toMatchObject({ failed: { unserializable: 5 }, pending: 0, pendingBytes: 0 });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a request that the server finds too large', () => {
  const tooLarge = { code: 8, message: 'Received message larger than max (5242901 vs 4194304)' };

  test('is halved until its parts fit, over OTLP/gRPC', async () => {
    const started = await receiver();
    started.respond(({ records }) => (records.length > 100 ? tooLarge : 'ok'));
    const exporter = new RetryingLogRecordExporter({ exporter: otlp(started.url) });
    const { log, processor, provider } = pipeline({ exporter });
    closers.push(() => provider.shutdown());
    for (const number of numbers(512)) log(number);
    await processor.forceFlush();
    expect(started.records.map((record) => record.body)).toEqual(numbers(512));
    expect(processor.stats()).toMatchObject({ delivered: 512, pending: 0 });
  });

  test.each([
    ['OTLP/HTTP', failure('refused', 413)],
    ['a proxy', failure('Payload Too Large')],
    ['Go', failure('grpc: received message after decompression larger than max (4194305 vs. 4194304)', 8)],
    ['JavaScript', failure('Received message that decompresses to a size larger than 4194304', 8)],
    ['a JavaScript client', failure('Attempted to send message with a size larger than 4194304', 8)],
    ['Java', failure('gRPC message exceeds maximum size 4194304: 4194305', 8)],
    [
      'Rust',
      failure('decoded message length too large: found 4194305 bytes, the limit is: 4194304 bytes', 11),
    ],
  ])('is halved until its parts fit, with the message of %s', async (_name, refusal) => {
    const exporter = new (class extends RecordingExporter {
      protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
        if (records.length > 3) respond(refusal);
        else this.take(records, respond);
      }
    })();
    const { log, processor } = pipeline({ exporter });
    for (const number of numbers(8)) log(number);
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(numbers(8));
    expect(sizes(exporter)).toEqual([8, 4, 2, 2, 4, 2, 2]);
  });

  test('because of one record truncates that record, until it fits', async () => {
    const big = 'x'.repeat(200_000);
    const exporter = new (class extends RecordingExporter {
      protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
        const length = records.reduce((sum, { body }) => sum + body.length, 0);
        if (length > 50_000) respond(failure('refused', 413));
        else this.take(records, respond);
      }
    })();
    const { log, processor } = pipeline({ exporter });
    for (const body of ['before', big, 'after']) log(body, 'ERROR');
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(['before', expect.stringMatching(/^x{20000,50000}$/), 'after']);
    expect(exporter.records[1]!.attributes['burstlog.truncated_from']).toBeGreaterThan(400_000);
    expect(processor.stats()).toMatchObject({ delivered: 3, pending: 0 });
  });

  test('because of one small record loses that record only, and it counts as a failed export', async () => {
    const started = await receiver();
    started.respond(({ records }) => (records.some(({ body }) => body === 5) ? tooLarge : 'ok'));
    const { log, processor, provider } = pipeline({ exporter: otlp(started.url) });
    closers.push(() => provider.shutdown());
    for (const number of numbers(10)) log(number);
    await processor.forceFlush();
    expect(started.records.map((record) => record.body)).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9]);
    expect(processor.stats()).toMatchObject({ delivered: 9, failed: { export: 1 }, pending: 0 });
  });
});

describe('a resource whose attributes are pending', () => {
  test('is awaited before the export, and the order is kept', async () => {
    let find: (host: string) => void = () => {};
    const host = new Promise<string>((resolve) => {
      find = resolve;
    });
    const { exporter, log, processor } = pipeline({
      resource: resourceFromAttributes({ 'host.name': host }),
    });
    log('first');
    log('second');
    const flushed = processor.forceFlush();
    await turn();
    expect(exporter.batches).toEqual([]);
    find('box');
    await flushed;
    expect(exporter.bodies).toEqual(['first', 'second']);
    expect(exporter.records[0]!.resource.attributes).toEqual({ 'host.name': 'box' });
  });

  test('is made valid once it is available: a number that OTLP cannot represent becomes text', async () => {
    const host = Promise.resolve(Number.NaN);
    const { exporter, log, processor } = pipeline({
      resource: resourceFromAttributes({ 'host.load': host, 'host.cores': 2, 'service.name': 'shop' }),
    });
    log('first');
    log('second');
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(['first', 'second']);
    const [one, other] = exporter.records.map(({ resource }) => resource);
    expect(one.attributes).toEqual({ 'host.load': 'NaN', 'host.cores': 2, 'service.name': 'shop' });
    expect(one).toBe(other);
    expect(one.asyncAttributesPending).toBe(false);
  });

  test('may be undefined, also after one that is defined', async () => {
    const { exporter, processor } = pipeline();
    const resource = { attributes: { 'host.load': Number.NaN } };
    processor.onEmit({ ...handMade('with'), resource });
    processor.onEmit({ ...handMade('without'), resource: undefined as never });
    processor.onEmit({ ...handMade('good'), resource: { attributes: {} } });
    processor.onEmit({ ...handMade('none'), resource: undefined as never });
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(['with', 'without', 'good', 'none']);
    expect(exporter.records.map(({ resource }) => resource?.attributes)).toEqual([
      { 'host.load': 'NaN' },
      undefined,
      {},
      undefined,
    ]);
  });

  test('loses no record when its detection fails', async () => {
    const { exporter, log, processor } = pipeline({
      resource: resourceFromAttributes({ 'host.name': Promise.reject(new Error('no host')) }),
    });
    log('kept');
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(['kept']);
  });

  test('is awaited once, for five seconds, not before every batch', async () => {
    const { exporter, log, processor, clock } = pipeline({
      maxExportBatchSize: 2,
      resource: resourceFromAttributes({ 'host.name': new Promise<string>(() => {}) }),
    });
    for (const number of numbers(10)) log(number);
    expect(await millisUntil(processor.forceFlush(), clock)).toBe(5_000);
    expect(exporter.bodies).toEqual(numbers(10));
    log('later');
    expect(await millisUntil(processor.forceFlush(), clock)).toBe(0);
    expect(warnings).toHaveLength(1);
  });

  test('is asked once by batches that wait at the same time, and these wait for the same five seconds', async () => {
    let asked = 0;
    const { exporter, processor, clock } = pipeline({ maxExportBatchSize: 1, maxConcurrentExports: 2 });
    const resource = {
      attributes: {},
      asyncAttributesPending: true,
      waitForAsyncAttributes: () => {
        asked += 1;
        return new Promise<void>(() => {});
      },
    };
    const emit = (body: string) => processor.onEmit({ ...handMade(body), resource });
    emit('first');
    await turn();
    clock.advance(3_000);
    emit('second');
    await turn();
    clock.advance(2_000);
    for (let turns = 5; turns > 0; turns -= 1) await turn();
    expect(exporter.bodies).toEqual(['first', 'second']);
    expect([asked, warnings.length]).toEqual([1, 1]);
  });

  test('and that throws when asked does not stop the delivery', async () => {
    const { exporter, processor } = pipeline();
    const waitForAsyncAttributes = () => {
      throw new Error('broken');
    };
    processor.onEmit({
      ...handMade('kept'),
      resource: { attributes: {}, asyncAttributesPending: true, waitForAsyncAttributes },
    });
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(['kept']);
  });
});

function nestedList(levels: number): unknown {
  let list: unknown[] = [];
  for (let level = 0; level < levels; level += 1) list = [list];
  return list;
}

function circularList(): unknown {
  const list: unknown[] = [];
  list.push(list);
  return list;
}
