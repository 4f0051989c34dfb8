/** The contract of Delivery for its owner: exact bounds, calls of the exporter, and undelivered records. */
import { diag } from '@opentelemetry/api';
import { Delivery, type DeliveryOptions, resolveDeliveryOptions } from '../../src/export/index.ts';
import type {
  ExporterFlushOptionsLike,
  LogRecordExporterLike,
  ReadableLogRecordLike,
} from '../../src/record/index.ts';
import {
  expectBalance,
  handMade,
  millisUntil,
  numbers,
  sizes,
  turn,
  watched,
} from '../support/delivery-pipeline.ts';
import { listen } from '../support/diag-listener.ts';
import { failure, HeldExporter, inTrouble, RecordingExporter, type Trouble } from '../support/exporters.ts';
import { ManualClock } from '../support/manual-clock.ts';

let warnings: string[];

beforeEach(() => {
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(() => diag.disable());

function build<E extends LogRecordExporterLike = HeldExporter>(
  given: Omit<DeliveryOptions, 'exporter'> & { readonly exporter?: E } = {},
) {
  const { exporter = new HeldExporter() as unknown as E, ...rest } = given;
  const clock = new ManualClock();
  const settled: string[] = [];
  const delivery = new Delivery(
    resolveDeliveryOptions('test', { clock, ...rest, exporter }),
    'test',
    undefined,
    (first, last) => settled.push(`${first} to ${last}`),
  );
  let count = 0;
  return {
    ...{ clock, delivery, exporter, settled },
    /** Records with their numbers as bodies. @returns the sequence number of the last one */
    accept(records = 1, size = 10, rank = 9): number {
      let sequence = 0;
      for (let left = records; left > 0; left -= 1) {
        count += 1;
        sequence = delivery.accept(handMade(count), rank, size);
      }
      return sequence;
    },
  };
}

const bodies = (records: readonly ReadableLogRecordLike[]) => records.map(({ body }) => body);

/** Records the options with which it is flushed and shut down. */
class AskedExporter extends RecordingExporter {
  readonly asked: unknown[] = [];

  override async forceFlush(options?: ExporterFlushOptionsLike): Promise<void> {
    this.asked.push(['forceFlush', options]);
  }

  override async shutdown(options?: ExporterFlushOptionsLike): Promise<void> {
    this.asked.push(['shutdown', options]);
  }
}

describe('a batch', () => {
  test('is full with exactly maxExportBatchBytes', async () => {
    const { accept, exporter } = build({ maxExportBatchBytes: 100 });
    accept(1, 99);
    await turn();
    expect(exporter.batches).toEqual([]);
    accept(1, 1);
    await turn();
    expect(sizes(exporter)).toEqual([2]);
  });

  test('is full with exactly half of maxQueueBytes', async () => {
    const { accept, exporter } = build({ maxQueueBytes: 200 });
    accept(1, 99);
    await turn();
    expect(exporter.batches).toEqual([]);
    accept(1, 1);
    await turn();
    expect(sizes(exporter)).toEqual([2]);
  });

  test('has at least one record, even one that is larger than the maximum of a batch', async () => {
    const { accept, exporter } = build({ maxExportBatchBytes: 100 });
    accept(1, 101);
    accept(1, 100);
    accept(2, 50);
    exporter.open();
    for (let turns = 4; turns > 0; turns -= 1) await turn();
    expect(sizes(exporter)).toEqual([1, 1, 2]);
  });

  test('contains no record that was added after its records became due', async () => {
    const { accept, clock, delivery, exporter } = build({ scheduledDelayMillis: 1_000 });
    accept(2);
    delivery.wake();
    await turn();
    accept(1);
    exporter.release();
    await turn();
    expect(sizes(exporter)).toEqual([2]);
    clock.advance(1_000);
    await turn();
    expect(sizes(exporter)).toEqual([2, 1]);
  });
});

describe('a record', () => {
  test('of exactly maxQueueBytes is accepted, of one byte more it is not', () => {
    const { accept, delivery } = build({ maxQueueBytes: 100 });
    expect(accept(1, 101)).toBe(0);
    expect(accept(1, 100)).toBe(1);
    expect(delivery.stats()).toMatchObject({
      pending: 1,
      pendingBytes: 100,
      failed: { size: 1, queue_full: 0 },
    });
    expect(warnings).toEqual(['test: 1 record was lost (size): it is larger than maxQueueBytes']);
  });

  test('that fills the queue to exactly maxQueueSize and maxQueueBytes drops nothing', () => {
    const { accept, delivery } = build({ maxQueueSize: 10, maxQueueBytes: 100, maxExportBatchSize: 10 });
    accept(10);
    expect(delivery.stats()).toMatchObject({ pending: 10, failed: { queue_full: 0 } });
    expect(warnings).toEqual([]);
  });

  test('that drops another one settles it; the number of one that is dropped itself is settled', () => {
    const { accept, delivery, settled } = build({ maxQueueSize: 2, maxExportBatchSize: 2 });
    expect(accept(2, 10, 9)).toBe(2);
    expect(accept(1, 10, 17)).toBe(3);
    expect(settled).toEqual(['1 to 1']);
    expect(accept(1, 10, 5)).toBe(4);
    expect(settled).toEqual(['1 to 1', '4 to 4']);
    expect(delivery.queued).toBe(2);
    expectBalance(delivery.stats());
  });

  test('cannot be dropped if none is queued, and then nothing is counted', async () => {
    const { accept, delivery, exporter, settled } = build();
    expect(delivery.dropQuietest()).toBe(false);
    accept(1);
    void delivery.flushed();
    await exporter.exported(1);
    // Records being exported are not in the queue.
    expect(delivery.dropQuietest()).toBe(false);
    expect(delivery.stats()).toMatchObject({ pending: 1, failed: { queue_full: 0 } });
    expect([settled, warnings]).toEqual([[], []]);
  });
});

describe('a flush', () => {
  test('is shared with another one that waits for the same records, and not after these are delivered', async () => {
    const { accept, delivery, exporter } = build();
    accept(1);
    const first = delivery.flushed();
    expect(delivery.flushed()).toBe(first);
    accept(1);
    const second = delivery.flushed();
    expect(second).not.toBe(first);
    exporter.release();
    await first;
    // The end of an earlier flush does not affect a later one.
    expect(delivery.flushed()).toBe(second);
    exporter.open();
    await second;
    const flushes = () => exporter.calls.filter((call) => call === 'forceFlush').length;
    const before = flushes();
    await delivery.flushed();
    await delivery.flushed();
    expect(flushes()).toBe(before + 2);
  });

  test('without a timeout ends with shutdown(), although its record was never delivered', async () => {
    const { accept, clock, delivery } = build();
    accept(1);
    const flushed = watched(delivery.flushed());
    await millisUntil(delivery.shutdown(), clock);
    await turn();
    expect(flushed.settled).toBe(true);
  });

  test('flushes the exporter with exportTimeoutMillis, without keeping the process alive', async () => {
    const exporter = new AskedExporter();
    const { delivery } = build({ exporter, exportTimeoutMillis: 4_000 });
    await delivery.flushed();
    expect(exporter.asked).toEqual([['forceFlush', { timeoutMillis: 4_000, keepsAlive: false }]]);
    expect(warnings).toEqual([]);
  });

  test.each<[Trouble, string]>([
    ['rejects', 'failed: Error: it rejected'],
    ['throws', 'failed: Error: it threw'],
    ['hangs', 'took longer than 4000 ms'],
  ])('of an exporter that %s is logged with its name', async (trouble, words) => {
    const exporter = Object.assign(new RecordingExporter(), { forceFlush: () => inTrouble(trouble) });
    const { clock, delivery } = build({ exporter, exportTimeoutMillis: 4_000 });
    await millisUntil(delivery.flushed(), clock);
    expect(warnings).toEqual([`test: the exporter's forceFlush() ${words}`]);
  });
});

describe('shutdown()', () => {
  test('with nothing to deliver logs nothing, leaves no timer, and makes no later calls', async () => {
    const exporter = new AskedExporter();
    const { accept, clock, delivery } = build({ exporter, shutdownTimeoutMillis: 8_000 });
    accept(3);
    await delivery.shutdown();
    expect(exporter.bodies).toEqual([1, 2, 3]);
    const asked = [...exporter.asked];
    expect(asked.at(-1)).toEqual(['shutdown', { timeoutMillis: 8_000, keepsAlive: false }]);
    expect(clock.pendingTimers).toBe(0);
    clock.advance(60_000);
    await turn();
    delivery.wake();
    await turn();
    expect([exporter.asked, exporter.calls, warnings]).toEqual([asked, ['export'], []]);
  });

  test('flushes an exporter that waits between two attempts once more, at nine tenths of the timeout', async () => {
    const exporter = new (class extends HeldExporter {
      override async forceFlush(): Promise<void> {
        await super.forceFlush();
        // The first two are from the flush of shutdown(), before or directly after the export.
        if (clock.monotonicNow() - startedAt >= 9_000) this.open();
      }
    })();
    const { accept, clock, delivery } = build({ exporter, shutdownTimeoutMillis: 10_000 });
    accept(1);
    const startedAt = clock.monotonicNow();
    const ended = delivery.shutdown();
    await turn();
    clock.advance(8_999);
    await turn();
    expect(exporter.held).toBe(1);
    clock.advance(1);
    await ended;
    expect(exporter.bodies).toEqual([1]);
    expect(delivery.stats()).toMatchObject({ delivered: 1, failed: { shutdown: 0 } });
  });

  test('gives the exporter the rest of the timeout, and logs if that was too short', async () => {
    const asked: unknown[] = [];
    const exporter = Object.assign(new HeldExporter(), {
      shutdown: (options: unknown) => {
        asked.push(options);
        return inTrouble('hangs');
      },
    });
    const { accept, clock, delivery } = build({ exporter, shutdownTimeoutMillis: 10_000 });
    accept(1);
    const ended = delivery.shutdown();
    await turn();
    clock.advance(4_000);
    exporter.open();
    expect(await millisUntil(ended, clock)).toBe(6_000);
    expect(asked).toEqual([{ timeoutMillis: 6_000, keepsAlive: false }]);
    expect(warnings).toEqual(["test: the exporter's shutdown() took longer than 6000 ms"]);
  });

  test('counts and logs queued records and those being exported separately', async () => {
    const { accept, clock, delivery } = build({ maxExportBatchSize: 2 });
    accept(5);
    await millisUntil(delivery.shutdown(), clock);
    expect(delivery.stats()).toMatchObject({ pending: 0, failed: { shutdown: 5 } });
    expect(warnings).toContain('test: 3 records were lost (shutdown): shutdown() timed out');
    clock.advance(10_000);
    delivery.accept(handMade('late'), 9, 10);
    // The second warning was logged within ten seconds of the first.
    expect(warnings.at(-1)).toBe(
      'test: 1 record was lost (shutdown): it was emitted after shutdown() (1 more like this since the last message)',
    );
  });

  test('stops the splitting of a batch: the second half is not sent when the first one ends late', async () => {
    const { accept, clock, delivery, exporter } = build({ maxExportBatchSize: 4 });
    accept(4);
    await exporter.exported(1);
    exporter.release(failure('request too large'));
    await exporter.exported(2);
    await millisUntil(delivery.shutdown(), clock);
    exporter.release();
    await turn();
    expect(sizes(exporter)).toEqual([4, 2]);
    expect(delivery.stats()).toMatchObject({ delivered: 0, failed: { shutdown: 4 } });
  });
});

describe('undelivered records', () => {
  test('are returned once: first those being exported, then queued ones, each in order', async () => {
    const { accept, delivery, exporter, settled } = build({ maxExportBatchSize: 2, maxConcurrentExports: 2 });
    accept(5);
    await exporter.exported(2);
    expect(bodies(delivery.takeUndelivered())).toEqual([1, 2, 3, 4, 5]);
    expect(delivery.takeUndelivered()).toEqual([]);
    expect(delivery.stats()).toMatchObject({ pending: 0, pendingBytes: 0, delivered: 0 });
    // They were returned: a later callback of the exporter is ignored.
    exporter.open();
    await turn();
    expect(delivery.stats()).toMatchObject({ pending: 0, pendingBytes: 0, delivered: 0 });
    expect([settled, sizes(exporter)]).toEqual([[], [2, 2]]);
  });

  test('after shutdown() are those it did not export and those that failed in the meantime, each once', async () => {
    const { accept, clock, delivery, exporter, settled } = build({ maxExportBatchSize: 2 });
    accept(6);
    const ended = delivery.shutdown();
    await exporter.exported(1);
    exporter.release(failure('refused'));
    await exporter.exported(2);
    await millisUntil(ended, clock);
    exporter.release(failure('refused'));
    await turn();
    expect([...bodies(delivery.takeUndelivered())].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(settled).toEqual([]);
    expectBalance(delivery.stats());
  });

  test('do not include those that failed before, or that were delivered', async () => {
    const { accept, delivery, exporter } = build({ maxExportBatchSize: 1 });
    accept(3);
    await exporter.exported(1);
    exporter.release(failure('refused'));
    await exporter.exported(2);
    exporter.release();
    await exporter.exported(3);
    expect(bodies(delivery.takeUndelivered())).toEqual([3]);
  });

  test('are not exported any more, not even if they wait for a resource', async () => {
    const { delivery, exporter, clock } = build();
    let found: () => void = () => {};
    const waitForAsyncAttributes = () =>
      new Promise<void>((resolve) => {
        found = resolve;
      });
    const resource = { attributes: {}, asyncAttributesPending: true, waitForAsyncAttributes };
    delivery.accept({ ...handMade('waits'), resource }, 9, 10);
    clock.advance(1_000);
    await turn();
    expect(bodies(delivery.takeUndelivered())).toEqual(['waits']);
    found();
    await turn();
    expect(exporter.batches).toEqual([]);
    expect(delivery.stats()).toMatchObject({ pending: 0, delivered: 0 });
  });
});

test('a batch that failed in part during shutdown() is returned, although its last part was delivered', async () => {
  const { accept, delivery, exporter, settled } = build({ maxExportBatchSize: 2 });
  accept(2);
  const ended = delivery.shutdown();
  await exporter.exported(1);
  exporter.release(failure('Bad Request', 400));
  await exporter.exported(2);
  exporter.release(failure('Bad Request', 400));
  await exporter.exported(3);
  exporter.release();
  await ended;
  expect(settled).toEqual([]);
  // The exporter does not report which of them arrived.
  expect(bodies(delivery.takeUndelivered())).toEqual([1, 2]);
  expect(delivery.stats()).toMatchObject({ delivered: 1, failed: { export: 1, shutdown: 0 } });
});

describe('the process', () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

  test('stays alive while a flush or a shutdown is awaited, and only then', async () => {
    const exporter = new HeldExporter();
    const { systemClock: clock } = await import('../../src/record/index.ts');
    const { delivery, accept } = build({ exporter, clock });
    const before = timers();
    accept(numbers(3).length);
    expect(timers()).toBe(before);
    const flushed = delivery.forceFlush();
    expect(timers()).toBe(before + 1);
    exporter.open();
    await flushed;
    expect(timers()).toBe(before);

    let finish: () => void = () => {};
    exporter.shutdown = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const ended = delivery.shutdown();
    for (let turns = 3; turns > 0; turns -= 1) await turn();
    expect(timers()).toBe(before + 1);
    finish();
    await ended;
    expect(timers()).toBe(before);
  });

  test('stays alive while shutdown() waits for an export', async () => {
    const { systemClock: clock } = await import('../../src/record/index.ts');
    const { delivery, accept, exporter } = build({ clock });
    const before = timers();
    accept(1);
    const ended = delivery.shutdown();
    await exporter.exported(1);
    expect(timers()).toBe(before + 1);
    exporter.open();
    await ended;
    expect(timers()).toBe(before);
  });
});
