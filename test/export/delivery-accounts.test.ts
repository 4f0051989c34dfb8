import { diag } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { expectBalance, millisUntil, numbers, pipeline, turn } from '../support/delivery-pipeline.ts';
import { listen } from '../support/diag-listener.ts';
import { failure, HeldExporter, RecordingExporter, type Respond } from '../support/exporters.ts';

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

describe('the accounts', () => {
  test('balance at every moment: received = delivered + failed + pending', async () => {
    const outcome = fc.constantFrom('ok', 'failed', 'threw', 'never', 'too large', 'later');
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 12 }) },
      { weight: 4, arbitrary: fc.constantFrom('turn', 'delay', 'time-out', 'flush', 'answer') },
      { weight: 1, arbitrary: fc.constantFrom('shutdown') },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(outcome, { minLength: 1 }),
        fc.array(step, { maxLength: 30 }),
        async (outcomes, steps) => {
          let calls = 0;
          const later: (() => void)[] = [];
          const exporter = new (class extends RecordingExporter {
            protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
              check();
              const next = outcomes[calls++ % outcomes.length];
              if (next === 'ok') this.take(records, respond);
              else if (next === 'failed') respond(failure('refused'));
              else if (next === 'too large') respond(failure('request too large'));
              else if (next === 'later') later.push(() => this.take(records, respond));
              else if (next === 'threw') throw new Error('no');
            }
          })();
          const { log, processor, clock } = pipeline({ exporter, maxQueueSize: 20, maxExportBatchSize: 4 });
          const check = () => expectBalance(processor.stats());
          listen(check);
          for (const doStep of steps) {
            if (typeof doStep === 'number')
              for (const number of numbers(doStep)) log(number, 1 + (number % 24));
            else if (doStep === 'turn') await turn();
            else if (doStep === 'delay') clock.advance(1_000);
            else if (doStep === 'time-out') clock.advance(30_000);
            else if (doStep === 'flush') void processor.forceFlush();
            else if (doStep === 'answer') later.shift()?.();
            else void processor.shutdown();
            check();
          }
          expect(await millisUntil(processor.shutdown(), clock)).toBeLessThanOrEqual(30_000);
          check();
          expect(processor.stats()).toMatchObject({ pending: 0, pendingBytes: 0 });
          // A callback after the end does not change them.
          const atTheEnd = processor.stats();
          for (const answer of later) answer();
          clock.advance(60_000);
          await turn();
          expect(processor.stats()).toEqual(atTheEnd);
        },
      ),
    );
  });

  test('of losses are logged once in ten seconds, with the number of suppressed messages', async () => {
    const { log, clock, processor } = pipeline({ exporter: new HeldExporter(), maxQueueSize: 2 });
    const flood = () => {
      for (const number of numbers(100)) log(number);
    };
    flood();
    clock.advance(9_999);
    flood();
    clock.advance(1);
    flood();
    const lost = 'PriorityBatchLogRecordProcessor: 1 record was lost (queue_full): ';
    const why = 'the exporter is too slow or fails';
    expect(warnings).toEqual([`${lost}${why}`, `${lost}${why} (197 more like this since the last message)`]);
    expect(processor.stats().failed.queue_full).toBe(298);
  });

  test('are metrics of the semantic conventions', async () => {
    const reader = new (class extends MetricReader {
      protected async onForceFlush(): Promise<void> {}
      protected async onShutdown(): Promise<void> {}
    })();
    const meterProvider = new MeterProvider({ readers: [reader] });
    closers.push(() => meterProvider.shutdown());
    const exporter = new HeldExporter();
    const { log } = pipeline({
      exporter,
      meterProvider,
      componentName: 'priority_batch_log_processor/7',
      maxQueueSize: 10,
      maxExportBatchSize: 4,
      maxQueueBytes: 100_000,
    });
    const points = async () => {
      const { resourceMetrics } = await reader.collect();
      return resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
        metrics.flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ value, attributes }) => {
            expect([scope.name, descriptor.unit]).toEqual(['burstlog', '{log_record}']);
            const { 'error.type': errorType, ...component } = attributes;
            expect(component).toEqual({
              'otel.component.name': 'priority_batch_log_processor/7',
              'otel.component.type': 'priority_batch_log_processor',
            });
            return [[descriptor.name, errorType].filter(Boolean).join(' '), value];
          }),
        ),
      );
    };

    for (const number of numbers(12)) log(number);
    await exporter.exported(1);
    exporter.release();
    await exporter.exported(2);
    exporter.release(failure('refused'));
    await turn();
    expect(Object.fromEntries(await points())).toEqual({
      'otel.sdk.processor.log.processed': 8,
      'otel.sdk.processor.log.processed queue_full': 2,
      'otel.sdk.processor.log.processed already_shutdown': 0,
      'otel.sdk.processor.log.processed size': 0,
      'otel.sdk.processor.log.processed unserializable': 0,
      'otel.sdk.processor.log.queue.size': 2,
      'otel.sdk.processor.log.queue.capacity': 10,
    });
  });
});
