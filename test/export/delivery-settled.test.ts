import { diag } from '@opentelemetry/api';
import { Delivery } from '../../src/export/delivery.ts';
import { resolveDeliveryOptions } from '../../src/export/delivery-options.ts';
import type {
  ExportResultLike,
  LogRecordExporterLike,
  ReadableLogRecordLike,
} from '../../src/record/index.ts';
import { handMade, turn } from '../support/delivery-pipeline.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** The owner of a copy of undelivered records is notified when it can remove it. */
class Exporter implements LogRecordExporterLike {
  readonly #callbacks: ((result: ExportResultLike) => void)[] = [];

  export(_records: readonly ReadableLogRecordLike[], callback: (result: ExportResultLike) => void): void {
    this.#callbacks.push(callback);
  }

  answer(code: 0 | 1): void {
    for (const callback of this.#callbacks.splice(0)) {
      callback(code === 0 ? { code } : { code, error: new Error('down') });
    }
  }

  async shutdown(): Promise<void> {}
}

function deliver(records: number) {
  const exporter = new Exporter();
  const clock = new ManualClock();
  const settled: [first: number, last: number][] = [];
  const options = resolveDeliveryOptions('test', {
    exporter,
    clock,
    scheduledDelayMillis: 0,
    exportTimeoutMillis: 60_000,
  });
  const delivery = new Delivery(options, 'test', undefined, (first, last) => settled.push([first, last]));
  for (let count = 0; count < records; count += 1) delivery.accept(handMade(`${count}`), 9, 10);
  return { exporter, clock, delivery, settled };
}

beforeEach(() => listen(() => {}));
afterEach(() => diag.disable());

test('a delivered batch is settled, from its first record to its last', async () => {
  const { exporter, delivery, settled } = deliver(3);
  const flush = delivery.forceFlush();
  await turn();
  expect(settled).toEqual([]);
  exporter.answer(0);
  await flush;
  expect(settled).toEqual([[1, 3]]);
});

test('a batch that failed while the process runs is settled: it is counted, and not sent again', async () => {
  const { exporter, delivery, settled } = deliver(2);
  const flush = delivery.forceFlush();
  await turn();
  exporter.answer(1);
  await flush;
  expect(settled).toEqual([[1, 2]]);
  expect(delivery.stats()).toMatchObject({ delivered: 0, pending: 0 });
});

test('a batch that fails during shutdown() is not settled: the next start may send it', async () => {
  const { exporter, delivery, settled } = deliver(2);
  const end = delivery.shutdown();
  await turn();
  exporter.answer(1);
  await end;
  expect(settled).toEqual([]);
});

test('a batch that is delivered during shutdown() is settled', async () => {
  const { exporter, delivery, settled } = deliver(2);
  const end = delivery.shutdown();
  await turn();
  exporter.answer(0);
  await end;
  expect(settled).toEqual([[1, 2]]);
});

test('a batch that was in flight at the end of shutdown() is not settled by a later result', async () => {
  const { exporter, clock, delivery, settled } = deliver(2);
  const end = delivery.shutdown();
  await turn();
  clock.advance(30_000);
  await end;
  exporter.answer(0);
  await turn();
  expect(settled).toEqual([]);
  expect(delivery.stats().failed).toMatchObject({ shutdown: 2 });
});
