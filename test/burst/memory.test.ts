import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import type { ReadableLogRecordLike } from '../../src/record/otel.ts';
import { traceIdOf } from '../support/pipeline.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const discarding = {
  export(_records: unknown[], callback: (result: { code: number }) => void) {
    callback({ code: 0 });
  },
  shutdown: async () => {},
};

function recordOf(severityNumber: number, traceName = 'a'): ReadableLogRecordLike {
  return {
    hrTime: [0, 0],
    hrTimeObserved: [0, 0],
    severityNumber,
    body: 'body',
    spanContext: { traceId: traceIdOf(traceName), spanId: '00f067aa0ba902b7', traceFlags: 1 },
    resource: { attributes: {} },
    instrumentationScope: { name: 'test' },
    attributes: {},
    droppedAttributesCount: 0,
  };
}

/** Emits records without other references, and returns WeakRefs to them. */
function emitted(
  burst: BurstLogRecordProcessor,
  severities: readonly number[],
): WeakRef<ReadableLogRecordLike>[] {
  return severities.map((severity) => {
    const record = recordOf(severity);
    burst.onEmit(record);
    return new WeakRef(record);
  });
}

async function alive(references: readonly WeakRef<ReadableLogRecordLike>[]): Promise<number> {
  // A WeakRef keeps its target until the end of the turn in which it was created or read.
  await turn();
  collectGarbage();
  return references.filter((reference) => reference.deref() !== undefined).length;
}

test('exported records are not kept alive by the entry of their burst', async () => {
  const burst = new BurstLogRecordProcessor({ exporter: discarding });
  const references = emitted(burst, [5, 5, 5, 9, 17]);
  await burst.forceFlush();
  expect(await alive(references)).toBe(0);
  expect(burst.stats()).toMatchObject({ released: 3, keys: 1, pending: 0 });
  await burst.shutdown();
});

test('evicted and discarded records are not kept alive, held ones are', async () => {
  const burst = new BurstLogRecordProcessor({ exporter: discarding, capacity: 2 });
  const references = emitted(burst, [5, 5, 5, 5]);
  expect(await alive(references)).toBe(2);
  burst.discard({ keys: 'all' });
  expect(await alive(references)).toBe(0);
  await burst.shutdown();
});

test('entries of recent bursts count towards the byte bound, and do not evict held records', async () => {
  const maxBytes = 1_000_000;
  const burst = new BurstLogRecordProcessor({
    exporter: discarding,
    maxBytes,
    maxAgeMillis: 1e9,
    idleMillis: 1e9,
  });
  burst.onEmit(recordOf(5, 'held'));
  for (let count = 0; count < 5_000; count += 1) {
    burst.onEmit(recordOf(5, `${count}`));
    burst.onEmit(recordOf(17, `${count}`));
    if (count % 50 === 0) await burst.forceFlush();
  }
  await burst.forceFlush();
  const stats = burst.stats();
  expect(stats.keys * 500).toBeLessThan(maxBytes);
  expect(stats).toMatchObject({ holding: 1, released: 5_000, evicted: { bytes: 0 } });
  await burst.shutdown();
});

test('if maxBytes is too small, they keep a quarter of it', async () => {
  const maxBytes = 1_000_000;
  const burst = new BurstLogRecordProcessor({ exporter: discarding, maxBytes, capacity: 100_000 });
  for (let count = 0; count < 5_000; count += 1) {
    burst.onEmit(recordOf(5, 'held'));
    burst.onEmit(recordOf(17, `${count}`));
    if (count % 50 === 0) await burst.forceFlush();
  }
  await burst.forceFlush();
  const { keys, holdingBytes } = burst.stats();
  expect(keys * 600).toBeGreaterThan(maxBytes * 0.24);
  expect(keys * 600).toBeLessThan(maxBytes * 0.27);
  expect(holdingBytes).toBeGreaterThan(maxBytes * 0.7);
  await burst.shutdown();
});

test('shutdown() removes all keys, and later spans are not counted', async () => {
  const burst = new BurstLogRecordProcessor({ exporter: discarding });
  const spans = burst.spanProcessor();
  const span = {
    spanContext: () => ({ traceId: traceIdOf('late'), spanId: 'x' }),
    status: {},
    duration: [0, 0],
  };
  for (const name of ['a', 'b', 'c']) {
    burst.onEmit(recordOf(5, name));
    burst.onEmit(recordOf(17, name));
  }
  expect(burst.stats().keys).toBe(3);
  await burst.shutdown();
  spans.onStart(span, undefined as never);
  expect(burst.stats()).toMatchObject({ keys: 0, openTraces: 0 });
});

test('the first request is not kept alive by the timers that it armed', async () => {
  const store = new AsyncLocalStorage<object>();
  const burst = new BurstLogRecordProcessor({ exporter: discarding });
  const spans = burst.spanProcessor();
  const request = async (name: string) => {
    const traceId = traceIdOf(name);
    const span = { spanContext: () => ({ traceId, spanId: 'x' }), status: { code: 0 }, duration: [0, 0] };
    spans.onStart(span, undefined as never);
    for (const severity of [5, 9, 5, 17, 5]) burst.onEmit(recordOf(severity, name));
    spans.onEnd(span);
    await turn();
  };
  let first: WeakRef<object> | undefined;
  await store.run({ request: 'first' }, async () => {
    first = new WeakRef(store.getStore()!);
    await request('first');
  });
  for (let count = 0; count < 10; count += 1) await store.run({}, () => request(`next ${count}`));
  await turn();
  collectGarbage();
  expect(first!.deref()).toBeUndefined();
  await burst.shutdown();
});
