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

function recordOf(severityNumber: number): ReadableLogRecordLike {
  return {
    hrTime: [0, 0],
    hrTimeObserved: [0, 0],
    severityNumber,
    body: 'body',
    spanContext: { traceId: traceIdOf('a'), spanId: '00f067aa0ba902b7', traceFlags: 1 },
    resource: { attributes: {} },
    instrumentationScope: { name: 'test' },
    attributes: {},
    droppedAttributesCount: 0,
  };
}

/** Emits records that nobody else knows, and returns what tells whether they are still alive. */
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
  // A WeakRef keeps its target until the turn in which it was made or read has ended.
  await turn();
  collectGarbage();
  return references.filter((reference) => reference.deref() !== undefined).length;
}

test('what has left is not kept alive, while the burst is remembered', async () => {
  const burst = new BurstLogRecordProcessor({ exporter: discarding });
  const references = emitted(burst, [5, 5, 5, 9, 17]);
  await burst.forceFlush();
  expect(await alive(references)).toBe(0);
  expect(burst.stats()).toMatchObject({ released: 3, keys: 1, pending: 0 });
  await burst.shutdown();
});

test('what was evicted or discarded is not kept alive, what is held is', async () => {
  const burst = new BurstLogRecordProcessor({ exporter: discarding, capacity: 2 });
  const references = emitted(burst, [5, 5, 5, 5]);
  expect(await alive(references)).toBe(2);
  burst.discard({ keys: 'all' });
  expect(await alive(references)).toBe(0);
  await burst.shutdown();
});
