import { diag } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import fc from 'fast-check';
import { RetryingLogRecordExporter } from '../../src/export/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { numbers, pipeline, sizes } from '../support/delivery-pipeline.ts';
import { listen } from '../support/diag-listener.ts';
import { failure, RecordingExporter, type Respond } from '../support/exporters.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.js';

/** A server that refuses every request that contains an invalid record. */
class RefusingExporter extends RecordingExporter {
  readonly #isBad: (record: ReadableLogRecordLike) => boolean;
  readonly #result: ReturnType<typeof failure>;

  constructor(isBad: (record: ReadableLogRecordLike) => boolean, result = failure('Bad Request', 400)) {
    super();
    this.#isBad = isBad;
    this.#result = result;
  }

  protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
    if (records.some(this.#isBad)) respond(this.#result);
    else this.take(records, respond);
  }
}

/** Whether a batch was sent again in halves. */
function isSplit({ batches }: RecordingExporter, batch: readonly ReadableLogRecordLike[]): boolean {
  return batches.some((part) => part.length === batch.length >> 1 && part[0] === batch[0] && part.length > 0);
}

let warnings: string[];

beforeEach(() => {
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(() => diag.disable());

describe('a request that the server refuses because of one record', () => {
  test.each([
    ['HTTP 400', failure('Bad Request', 400)],
    ['HTTP 422', failure('Unprocessable Entity', 422)],
    ['INVALID_ARGUMENT', failure('3 INVALID_ARGUMENT: no', 3)],
    [
      'INTERNAL of a gRPC server in Go that cannot parse it',
      failure('13 INTERNAL: grpc: error unmarshalling request: invalid length', 13),
    ],
  ])('loses that record only and keeps the order: %s', async (_name, result) => {
    const exporter = new RefusingExporter((record) => record.body === 250, result);
    const { log, processor } = pipeline({ exporter });
    for (const number of numbers(512)) log(number, 'ERROR');
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(numbers(512).filter((number) => number !== 250));
    expect(processor.stats()).toMatchObject({ delivered: 511, failed: { export: 1 }, pending: 0 });
    expect(exporter.batches.length).toBeLessThan(25);
  });

  test('loses that record only over OTLP/gRPC, through the exporter that retries', async () => {
    const server = await startOtlpReceiver();
    const invalid = { code: 3, message: 'record 5 has no name' };
    server.respond(({ records }) => (records.some(({ body }) => body === 5) ? invalid : 'ok'));
    const exporter = new RetryingLogRecordExporter({ exporter: new OTLPLogExporter({ url: server.url }) });
    const { log, processor, provider } = pipeline({ exporter });
    for (const number of numbers(10)) log(number);
    await processor.forceFlush();
    expect(server.records.map(({ body }) => body)).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9]);
    expect(processor.stats()).toMatchObject({ delivered: 9, failed: { export: 1 } });
    await provider.shutdown();
    await server.stop();
  });

  test('loses at most the invalid records, if there are up to four at any position', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat({ max: 99 }), { maxLength: 4 }), async (bad) => {
        const exporter = new RefusingExporter((record) => bad.includes(record.body));
        const { log, processor } = pipeline({ exporter, maxExportBatchSize: 100 });
        for (const number of numbers(100)) log(number);
        await processor.forceFlush();
        expect(exporter.bodies).toEqual(numbers(100).filter((number) => !bad.includes(number)));
        expect(processor.stats().failed.export).toBe(bad.length);
      }),
    );
  });

  test('is reported with the reason of the server', async () => {
    const result = failure('Bad Request', 400);
    Object.assign(result.error!, { data: '{"code":3, "message":"ReadUint64: unsupported value type"}' });
    const { log, processor } = pipeline({ exporter: new RefusingExporter(() => true, result) });
    log('refused');
    await processor.forceFlush();
    expect(warnings).toEqual([
      'PriorityBatchLogRecordProcessor: 1 record was lost (export): Error: Bad Request: ReadUint64: unsupported value type',
    ]);
  });
});

describe('a server that refuses everything', () => {
  test('receives a bounded number of requests for the first batch, and one for each later batch', async () => {
    const exporter = new RefusingExporter(() => true);
    const { log, processor } = pipeline({ exporter, maxExportBatchSize: 512 });
    for (const number of numbers(512)) log(number);
    await processor.forceFlush();
    const first = exporter.batches.length;
    expect(first).toBeLessThan(50);
    for (const number of numbers(5 * 512)) log(number);
    await processor.forceFlush();
    expect(sizes(exporter).slice(first)).toEqual([512, 512, 512, 512, 512]);
    expect(processor.stats()).toMatchObject({ failed: { export: 6 * 512 }, pending: 0 });
  });

  test('has its batches split again after it has accepted one', async () => {
    let refusesAll = true;
    const exporter = new RefusingExporter(({ body }) => refusesAll || body === 'bad');
    const { log, processor } = pipeline({ exporter });
    for (const number of numbers(100)) log(number);
    await processor.forceFlush();
    refusesAll = false;
    log('good');
    await processor.forceFlush();
    for (const body of ['before', 'bad', 'after']) log(body);
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(['good', 'before', 'after']);
  });

  test('for 100 consecutive records still accepts the later ones', async () => {
    const exporter = new RefusingExporter(({ body }) => body < 100);
    const { log, processor } = pipeline({ exporter });
    for (const number of numbers(512)) log(number);
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(expect.arrayContaining(numbers(256).map((number) => 256 + number)));
    expect(exporter.batches.length).toBeLessThan(140);
  });

  test('receives 32 consecutive requests, and each remaining part once', async () => {
    const exporter = new RefusingExporter(() => true);
    const { log, processor } = pipeline({ exporter });
    for (const number of numbers(512)) log(number);
    await processor.forceFlush();
    // 512, 256, 128 ... 1 is ten times; then the other halves, from the smallest on, until it was asked 32
    // times.
    expect(sizes(exporter).slice(0, 10)).toEqual([512, 256, 128, 64, 32, 16, 8, 4, 2, 1]);
    const sent = exporter.batches
      .slice(31)
      .flat()
      .map(({ body }) => body);
    expect(sent).toEqual(numbers(512).slice(512 - sent.length));
    expect(new Set(sent).size).toBe(sent.length);
    const before = exporter.batches.length;
    // Another 31 refusals would begin from the start, had one been accepted meanwhile.
    log('refused');
    await processor.forceFlush();
    expect(exporter.batches).toHaveLength(before + 1);
  });

  test('31 times in a row has the next batch split, 32 times it has not', async () => {
    for (const [refusals, requests] of [
      [30, 3],
      [31, 1],
    ] as const) {
      const exporter = new RefusingExporter(() => true);
      const { log, processor } = pipeline({ exporter });
      for (let left = refusals; left > 0; left -= 1) {
        log('refused');
        await processor.forceFlush();
      }
      for (const number of numbers(2)) log(number);
      await processor.forceFlush();
      expect(exporter.batches.length - refusals).toBe(requests);
    }
  });

  test('intermittently has a batch split 64 times, and each remaining part sent once', async () => {
    const exporter = new RefusingExporter(({ body }) => body % 2 === 1);
    const { log, processor } = pipeline({ exporter });
    for (const number of numbers(512)) log(number);
    await processor.forceFlush();
    const refused = exporter.batches.filter((batch) => batch.some(({ body }) => body % 2 === 1));
    const split = (batches: readonly ReadableLogRecordLike[][]) =>
      batches.filter(({ length }) => length > 1).map((batch) => isSplit(exporter, batch));
    expect(new Set(split(refused.slice(0, 64)))).toEqual(new Set([true]));
    expect(new Set(split(refused.slice(64)))).toEqual(new Set([false]));
    expect(refused[64]!.length).toBeGreaterThan(1);
    expect(processor.stats().failed.export).toBe(512 - exporter.records.length);
  });

  test('for every second record receives a bounded number of requests', async () => {
    const exporter = new RefusingExporter(({ body }) => body % 2 === 1);
    const { log, processor } = pipeline({ exporter });
    for (const number of numbers(512)) log(number);
    await processor.forceFlush();
    expect(exporter.batches.length).toBeLessThan(140);
    expect(processor.stats()).toMatchObject({ received: 512, pending: 0 });
  });
});

test.each([
  ['HTTP 401', failure('Unauthorized', 401)],
  ['HTTP 404', failure('Not Found', 404)],
  ['UNAUTHENTICATED', failure('16 UNAUTHENTICATED', 16)],
  ['INTERNAL', failure('13 INTERNAL: database is gone', 13)],
])('a refusal because of the configuration does not split the batch: %s', async (_name, result) => {
  const exporter = new RefusingExporter(() => true, result);
  const { log, processor } = pipeline({ exporter });
  for (const number of numbers(100)) log(number);
  await processor.forceFlush();
  expect(exporter.batches).toHaveLength(1);
});

test('an exporter whose error cannot be read loses its batch and nothing else', async () => {
  const broken = () => {
    throw new Error('a getter of the error');
  };
  const errors = [
    Object.defineProperty(new Error('1'), 'code', { get: broken }),
    Object.defineProperty(new Error('2'), 'message', { get: broken }),
    Object.defineProperty({}, 'cause', { get: broken }),
    new Proxy({}, { get: broken, getPrototypeOf: broken }),
  ];
  const results = [
    ...errors.map((error) => ({ code: 1, error })),
    Object.defineProperty({ code: 1 }, 'error', { get: broken }),
    Object.defineProperty({}, 'code', { get: broken }),
  ];
  for (const retries of [false, true]) {
    const left = [...results];
    const inner = new (class extends RecordingExporter {
      protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
        const result = left.shift();
        if (result === undefined) this.take(records, respond);
        else respond(result as Parameters<Respond>[0]);
      }
    })();
    const exporter = retries ? new RetryingLogRecordExporter({ exporter: inner }) : inner;
    const { log, processor } = pipeline({ exporter });
    for (const number of numbers(results.length + 1)) {
      log(number);
      await processor.forceFlush();
    }
    expect(processor.stats()).toMatchObject({ delivered: 1, failed: { export: results.length }, pending: 0 });
  }
});
