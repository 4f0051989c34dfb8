import { diag } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { PriorityBatchLogRecordProcessor } from '../../src/export/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import {
  expectBalance,
  handMade,
  millisUntil,
  numbers,
  pipeline,
  turn,
  watched,
} from '../support/delivery-pipeline.ts';
import { listen } from '../support/diag-listener.ts';
import {
  BadFlushExporter,
  FailingExporter,
  failure,
  HeldExporter,
  inTrouble,
  RecordingExporter,
  type Respond,
  SilentExporter,
  ThrowingExporter,
  type Trouble,
} from '../support/exporters.ts';
import { ManualClock } from '../support/manual-clock.ts';

let warnings: string[];

beforeEach(() => {
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(() => diag.disable());

describe('forceFlush()', () => {
  test('called twice at once is one flush, and true for both (E1)', async () => {
    const exporter = new HeldExporter();
    const { log, processor } = pipeline({ exporter });
    for (const number of numbers(10)) log(number);
    const first = processor.forceFlush();
    const second = processor.forceFlush();
    const state = watched(Promise.race([first, second]));
    await turn();
    expect(state.settled).toBe(false);
    exporter.release();
    await Promise.all([first, second]);
    expect(exporter.records).toHaveLength(10);
    expect(exporter.batches).toHaveLength(1);
  });

  test('during another one includes the records in between (E1)', async () => {
    const exporter = new HeldExporter();
    const { log, processor } = pipeline({ exporter });
    log('first');
    const first = processor.forceFlush();
    log('second');
    const second = processor.forceFlush();
    exporter.release();
    await first;
    expect(exporter.bodies).toEqual(['first']);
    expect(processor.stats().pending).toBe(1);
    exporter.open();
    await second;
    expect(exporter.bodies).toEqual(['first', 'second']);
  });

  test('flushes the exporter too, after its last export and before it resolves', async () => {
    const { exporter, log, processor } = pipeline({ maxExportBatchSize: 2 });
    for (const number of numbers(3)) log(number);
    await processor.forceFlush();
    expect(exporter.calls.filter((call) => call === 'export')).toHaveLength(2);
    expect(exporter.calls.at(-1)).toBe('forceFlush');
  });

  test('also does so during an export, for an exporter that waits between two attempts', async () => {
    const exporter = new (class extends HeldExporter {
      override async forceFlush(): Promise<void> {
        this.open();
      }
    })();
    const { log, processor } = pipeline({ exporter });
    log('retried');
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(['retried']);
  });

  test('ends after flushTimeoutMillis; undelivered records are pending, logged, and delivered later', async () => {
    const exporter = new HeldExporter();
    const { log, processor, clock } = pipeline({ exporter, flushTimeoutMillis: 2_000 });
    for (const number of numbers(3)) log(number);
    expect(await millisUntil(processor.forceFlush(), clock)).toBe(2_000);
    expect(processor.stats()).toMatchObject({ pending: 3, delivered: 0 });
    expect(warnings).toEqual([
      'PriorityBatchLogRecordProcessor: forceFlush() ended after 2000 ms; 3 records are still pending',
    ]);
    exporter.open();
    await processor.forceFlush();
    expect(exporter.bodies).toEqual(numbers(3));
  });

  test.each([
    ['10 seconds by default', undefined, 10_000],
    ['what its caller says', { timeoutMillis: 700 }, 700],
    ['10 seconds if that is no number of milliseconds', { timeoutMillis: Number.NaN }, 10_000],
  ])('is bounded by %s', async (_name, options, expected) => {
    const { log, processor, clock } = pipeline({ exporter: new HeldExporter() });
    log('waits');
    expect(await millisUntil(processor.forceFlush(options), clock)).toBe(expected);
  });

  test('is bounded after shutdown() as well', async () => {
    const { log, processor, clock } = pipeline({ exporter: new HeldExporter() });
    log('waits');
    const ended = processor.shutdown();
    expect(await millisUntil(processor.forceFlush({ timeoutMillis: 700 }), clock)).toBe(700);
    expect(await millisUntil(ended, clock)).toBeLessThanOrEqual(30_000);
  });

  test('resolves without a method of the exporter, and with nothing to flush', async () => {
    const { processor } = pipeline({ exporter: { export: () => {}, shutdown: async () => {} } });
    await processor.forceFlush();
    expect(processor.stats().received).toBe(0);
  });

  test('resolves when the exports fail: an outage must not affect the application', async () => {
    const { log, processor } = pipeline({ exporter: new FailingExporter(9) });
    log('lost');
    await expect(processor.forceFlush()).resolves.toBeUndefined();
    expect(processor.stats().failed.export).toBe(1);
  });

  test('resolves when the records it waits for were dropped by later ones', async () => {
    const exporter = new HeldExporter();
    const { log, processor } = pipeline({ exporter, maxQueueSize: 2 });
    log('under way', 'INFO');
    void processor.forceFlush();
    log('quiet', 'DEBUG');
    const flushed = processor.forceFlush();
    for (const number of numbers(2)) log(number, 'ERROR');
    exporter.release();
    await flushed;
    expect(exporter.bodies).toEqual(['under way']);
    expect(processor.stats()).toMatchObject({ pending: 2, failed: { queue_full: 1 } });
  });

  test('resolves when the records it waits for were dropped between two exports', async () => {
    const exporter = new HeldExporter();
    const { log, processor } = pipeline({ exporter, maxQueueSize: 2 });
    log('under way');
    void processor.forceFlush();
    log('quiet', 'DEBUG');
    const flushed = processor.forceFlush();
    log('loud', 'ERROR');
    // Ends after that export, and before the turn in which the next one starts.
    const between = turn();
    exporter.release();
    await between;
    log('louder', 'FATAL');
    await flushed;
    expect(exporter.bodies).toEqual(['under way']);
    expect(processor.stats()).toMatchObject({ pending: 2, failed: { queue_full: 1 } });
  });

  test.each<Trouble>(['rejects', 'throws', 'hangs'])(
    'of an exporter that %s while an export is under way stalls nothing (E4)',
    async (trouble) => {
      const exporter = new BadFlushExporter(trouble);
      const { log, processor, clock } = pipeline({ exporter, maxExportBatchSize: 5 });
      for (const number of numbers(12)) log(number);
      await exporter.exported(1);
      const flushed = processor.forceFlush();
      exporter.open();
      await exporter.exported(3);
      expect(await millisUntil(flushed, clock)).toBeLessThanOrEqual(10_000);
      for (const number of numbers(5)) log(12 + number);
      await exporter.exported(4);
      expect(exporter.bodies).toEqual(numbers(17));
      clock.advance(30_000);
      await turn();
      expect(warnings.join()).toContain("the exporter's forceFlush()");
    },
  );
});

describe('shutdown()', () => {
  test('during a flush includes it (E2)', async () => {
    const exporter = new HeldExporter();
    const { log, provider } = pipeline({ exporter });
    for (const number of numbers(2_048)) log(number);
    const flushed = provider.forceFlush();
    const ended = provider.shutdown();
    await turn();
    exporter.open();
    await Promise.all([flushed, ended]);
    expect(exporter.bodies).toEqual(numbers(2_048));
    expect(exporter.calls.at(-1)).toBe('shutdown');
  });

  test('delivers records emitted during a flush (E3)', async () => {
    const exporter = new HeldExporter();
    const { log, provider } = pipeline({ exporter });
    for (const number of numbers(10)) log(number);
    void provider.forceFlush();
    for (const number of numbers(7)) log(10 + number);
    const ended = provider.shutdown();
    exporter.open();
    await ended;
    expect(exporter.bodies).toEqual(numbers(17));
  });

  test('uses its whole timeout: a record delivered after 29 of 30 seconds is not lost', async () => {
    const exporter = new HeldExporter();
    const { log, processor, clock } = pipeline({ exporter, maxExportBatchSize: 1 });
    for (const number of numbers(5)) log(number);
    const ended = processor.shutdown();
    await turn();
    clock.advance(28_900);
    exporter.open();
    await ended;
    expect(exporter.bodies).toEqual(numbers(5));
  });

  test('reserves a twentieth of a short timeout for the exporter, and uses the rest for delivery', async () => {
    const exporter = new HeldExporter();
    const { log, processor, clock } = pipeline({ exporter, shutdownTimeoutMillis: 1_000 });
    log('kept');
    const ended = processor.shutdown();
    await turn();
    clock.advance(949);
    await turn();
    expect(exporter.calls).not.toContain('shutdown');
    exporter.open();
    await ended;
    expect(processor.stats()).toMatchObject({ delivered: 1, failed: { shutdown: 0 } });
    const stuck = pipeline({ exporter: new HeldExporter(), shutdownTimeoutMillis: 1_000 });
    stuck.log('lost');
    const gone = stuck.processor.shutdown();
    await turn();
    stuck.clock.advance(950);
    await gone;
    expect(stuck.exporter.calls.at(-1)).toBe('shutdown');
    expect(stuck.processor.stats()).toMatchObject({ delivered: 0, failed: { shutdown: 1 } });
  });

  test('may be called twice; the exporter is shut down once', async () => {
    const { exporter, log, processor } = pipeline();
    log('kept');
    await Promise.all([processor.shutdown(), processor.shutdown()]);
    await processor.shutdown();
    expect(exporter.calls.filter((call) => call === 'shutdown')).toHaveLength(1);
    expect(exporter.calls.at(-1)).toBe('shutdown');
  });

  test('counts later records without exporting them, and a later flush resolves', async () => {
    const { exporter, processor, clock } = pipeline();
    await processor.shutdown();
    processor.onEmit(handMade('late'));
    await processor.forceFlush();
    clock.advance(3_600_000);
    await turn();
    expect(exporter.batches).toEqual([]);
    expect(processor.stats()).toMatchObject({ received: 1, failed: { shutdown: 1 }, pending: 0 });
    expect(clock.pendingTimers).toBe(0);
    expect(warnings).toEqual([
      'PriorityBatchLogRecordProcessor: 1 record was lost (shutdown): it was emitted after shutdown()',
    ]);
  });

  test('refuses records emitted while it flushes', async () => {
    const exporter = new HeldExporter();
    const { log, processor } = pipeline({ exporter });
    log('in time');
    const ended = processor.shutdown();
    log('too late');
    exporter.open();
    await ended;
    expect(exporter.bodies).toEqual(['in time']);
    expect(processor.stats()).toMatchObject({ delivered: 1, failed: { shutdown: 1 }, pending: 0 });
  });

  test('refuses records that its own last exports log, because they could not be delivered', async () => {
    const exporter = new (class extends RecordingExporter {
      protected override answer(records: ReadableLogRecordLike[], respond: Respond): void {
        processor.onEmit(handMade('exporting'));
        this.take(records, respond);
      }
    })();
    const { log, processor } = pipeline({ exporter });
    log('kept');
    await processor.shutdown();
    expect(exporter.bodies).toEqual(['kept']);
    expect(processor.stats()).toMatchObject({ delivered: 1, failed: { shutdown: 1 }, pending: 0 });
  });

  const hanging: [string, () => RecordingExporter][] = [
    ['export() never calls back', () => new SilentExporter()],
    ['forceFlush() hangs', () => new BadFlushExporter('hangs')],
    [
      'shutdown() hangs',
      () => Object.assign(new RecordingExporter(), { shutdown: () => inTrouble('hangs') }),
    ],
    [
      'everything hangs',
      () => Object.assign(new BadFlushExporter('hangs'), { shutdown: () => inTrouble('hangs') }),
    ],
  ];
  test.each(hanging)('ends within its bound of 30 s when %s', async (_name, exporterOf) => {
    const { log, processor, clock } = pipeline({ exporter: exporterOf(), maxExportBatchSize: 2 });
    for (const number of numbers(5)) log(number);
    expect(await millisUntil(processor.shutdown(), clock)).toBeLessThanOrEqual(30_000);
    expect(processor.stats().pending).toBe(0);
    expectBalance(processor.stats());
  });

  test.each(hanging)('during a flush ends within its bound too when %s', async (_name, exporterOf) => {
    const { log, processor, clock } = pipeline({ exporter: exporterOf(), shutdownTimeoutMillis: 2_000 });
    for (const number of numbers(5)) log(number);
    const flushed = processor.forceFlush();
    clock.advance(1_000);
    expect(await millisUntil(processor.shutdown(), clock)).toBeLessThanOrEqual(2_000);
    expectBalance(processor.stats());
    clock.advance(60_000);
    await flushed;
  });

  test('does not wait for a resource whose attributes are pending', async () => {
    const host = new Promise<string>(() => {});
    const { exporter, log, processor, clock } = pipeline({ resource: resourceFromAttributes({ host }) });
    log('kept');
    void processor.forceFlush();
    log('kept too');
    expect(await millisUntil(processor.shutdown(), clock)).toBeLessThan(1_000);
    expect(exporter.bodies).toEqual(['kept', 'kept too']);
    expect(exporter.calls.at(-1)).toBe('shutdown');
  });

  test('is final: an exporter that hung is not called again when it calls back', async () => {
    const exporter = new HeldExporter();
    const { log, processor, clock } = pipeline({
      exporter,
      maxExportBatchSize: 4,
      scheduledDelayMillis: 86_400_000,
    });
    for (const number of numbers(10)) log(number);
    const flushed = processor.forceFlush();
    await millisUntil(processor.shutdown(), clock);
    await flushed;
    exporter.release(failure('request too large'));
    await turn();
    expect(exporter.calls.slice(exporter.calls.indexOf('shutdown'))).toEqual(['shutdown']);
    expect(processor.stats()).toMatchObject({ received: 10, failed: { shutdown: 10 } });
    clock.advance(60_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test('keeps its timeout when the clock is set back by an hour', async () => {
    const exporter = Object.assign(new HeldExporter(), { shutdown: () => inTrouble('hangs') });
    const time = new ManualClock();
    let offset = 0;
    const clock = {
      now: () => time.now() - offset,
      monotonicNow: () => time.monotonicNow(),
      after: time.after.bind(time),
    };
    const { log, processor } = pipeline({ exporter, clock });
    log('kept');
    const ended = processor.shutdown();
    await turn();
    offset = 3_600_000;
    exporter.open();
    expect(await millisUntil(ended, time)).toBeLessThanOrEqual(30_000);
  });

  test.each<Trouble>(['rejects', 'throws'])(
    'resolves, and warns, when that of the exporter %s',
    async (trouble) => {
      const exporter = Object.assign(new RecordingExporter(), { shutdown: () => inTrouble(trouble) });
      const { log, processor } = pipeline({ exporter });
      log('kept');
      await processor.shutdown();
      expect(exporter.bodies).toEqual(['kept']);
      expect(warnings[0]).toContain("the exporter's shutdown() failed: Error: it ");
    },
  );
});

describe('the process', () => {
  test('is not kept alive by queued records, or by an export that threw (E5)', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const exporter = new ThrowingExporter();
    const provider = new LoggerProvider({ processors: [new PriorityBatchLogRecordProcessor({ exporter })] });
    provider.getLogger('test').emit({ body: 'waits' });
    expect(timers()).toBe(before);
    await provider.forceFlush();
    expect(timers()).toBe(before);
    await provider.shutdown();
    expect(timers()).toBe(before);
  });
});
