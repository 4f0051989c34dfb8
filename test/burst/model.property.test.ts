import * as fc from 'fast-check';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import type { BurstStats } from '../../src/holding/stats.ts';
import type { ReadableLogRecordLike } from '../../src/record/otel.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { expectAccountsBalance, traceIdOf } from '../support/pipeline.ts';

/** An exporter whose exports are ended by the test. */
class SteppingExporter {
  readonly arrived: ReadableLogRecordLike[] = [];
  readonly #waiting: (() => void)[] = [];
  isPaused = false;

  export(records: ReadableLogRecordLike[], callback: (result: { code: number }) => void): void {
    const finish = () => {
      this.arrived.push(...records);
      callback({ code: 0 });
    };
    if (this.isPaused) this.#waiting.push(finish);
    else finish();
  }

  resume(): void {
    this.isPaused = false;
    for (const finish of this.#waiting.splice(0)) finish();
  }

  async shutdown(): Promise<void> {}
}

type Step =
  | { kind: 'emit'; severity: number; key: string; length: number }
  | { kind: 'time'; millis: number }
  | { kind: 'spanStart' | 'spanEnd' | 'spanError'; key: string }
  | { kind: 'burst' | 'discard' }
  | { kind: 'pause' | 'resume' | 'flush' | 'turn' };

const key = fc.constantFrom('a', 'b', 'c', '');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('emit' as const),
      severity: fc.constantFrom(1, 5, 5, 5, 8, 9, 13, 17, 21),
      key,
      length: fc.integer({ min: 0, max: 3_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('time' as const), millis: fc.integer({ min: 0, max: 3_000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('spanStart' as const, 'spanEnd' as const, 'spanError' as const),
      key,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('burst' as const, 'discard' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('pause' as const, 'resume' as const, 'flush' as const, 'turn' as const),
    }),
  },
);

function recordOf(
  id: number,
  { severity, key, length }: Extract<Step, { kind: 'emit' }>,
): ReadableLogRecordLike {
  return {
    hrTime: [0, 0],
    hrTimeObserved: [0, 0],
    severityNumber: severity,
    body: 'x'.repeat(length),
    spanContext:
      key === '' ? undefined : { traceId: traceIdOf(key), spanId: '00f067aa0ba902b7', traceFlags: 1 },
    resource: { attributes: {} },
    instrumentationScope: { name: 'test' },
    attributes: { id },
    droppedAttributesCount: 0,
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Settings {
  order: 'immediate' | 'chronological';
  scope: 'trace' | 'global';
  capacity: number;
  after: false | { records: number; millis: number };
  limit: false | { records: number; millis: number };
  maxBytes: number;
  replayBatch: number;
}

const settings: fc.Arbitrary<Settings> = fc
  .record({
    order: fc.constantFrom('immediate' as const, 'immediate' as const, 'chronological' as const),
    scope: fc.constantFrom('trace' as const, 'global' as const),
    capacity: fc.constantFrom(1, 5, 12, 40),
    after: fc.constantFrom(false as const, { records: 3, millis: 2_000 }),
    limit: fc.constantFrom(false as const, { records: 5, millis: 5_000 }),
    maxBytes: fc.constantFrom(8_000, 20_000, 10_000_000),
    replayBatch: fc.constantFrom(1, 4),
  })
  .map((given) => (given.order === 'chronological' ? { ...given, scope: 'global' as const } : given));

async function play(given: Settings, steps: readonly Step[], check: (stats: BurstStats) => void) {
  const clock = new ManualClock();
  const exporter = new SteppingExporter();
  const burst = new BurstLogRecordProcessor({
    ...given,
    exporter,
    clock,
    replayBatch: given.replayBatch,
    idleMillis: 4_000,
    maxAgeMillis: 8_000,
    delivery: { maxExportBatchSize: 8, retry: false },
  });
  const spans = burst.spanProcessor();
  const span = (traceName: string, code: number) => ({
    spanContext: () => ({ traceId: traceIdOf(traceName), spanId: '00f067aa0ba902b7', traceFlags: 1 }),
    status: { code },
    duration: [0, 0] as [number, number],
  });
  const emitted: { id: number; severity: number }[] = [];
  for (const one of steps) {
    switch (one.kind) {
      case 'emit':
        emitted.push({ id: emitted.length, severity: one.severity });
        burst.onEmit(recordOf(emitted.length - 1, one));
        break;
      case 'time':
        clock.advance(one.millis);
        break;
      case 'spanStart':
        if (one.key !== '') spans.onStart(span(one.key, 0), undefined as never);
        break;
      case 'spanEnd':
      case 'spanError':
        if (one.key !== '') spans.onEnd(span(one.key, one.kind === 'spanError' ? 2 : 0));
        break;
      case 'burst':
        burst.burst({ keys: 'all' });
        break;
      case 'discard':
        burst.discard({ keys: 'all' });
        break;
      case 'pause':
        exporter.isPaused = true;
        break;
      case 'resume':
        exporter.resume();
        break;
      case 'flush':
        void burst.forceFlush();
        break;
      case 'turn':
        await turn();
        break;
    }
    check(burst.stats());
  }
  // Paused exports are resumed until none is left.
  const flushed = burst.forceFlush();
  let isDone = false;
  void flushed.then(() => {
    isDone = true;
  });
  while (!isDone) {
    exporter.resume();
    await turn();
  }
  check(burst.stats());
  return { arrived: exporter.arrived, emitted, stats: burst.stats() };
}

const idOf = (record: ReadableLogRecordLike) => record.attributes.id as number;

test('the counts balance after every step, and the byte bound holds', async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(step, { minLength: 20, maxLength: 150, size: 'max' }),
      async (given, steps) => {
        await play(given, steps, (stats) => {
          expectAccountsBalance(stats);
          // An export in flight cannot be cancelled, so it alone may exceed the bound.
          if (stats.holdingBytes > given.maxBytes) throw new Error(`held ${stats.holdingBytes} bytes`);
          if (given.order === 'immediate' && given.scope === 'global' && stats.holding > given.capacity) {
            throw new Error(`held ${stats.holding} records`);
          }
        });
      },
    ),
    { numRuns: 300 },
  );
});

test('no record arrives twice, and released records of a burst arrive in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(step, { minLength: 20, maxLength: 150, size: 'max' }),
      async (given, steps) => {
        const { arrived } = await play(given, steps, () => {});
        const records = arrived.filter((record) => record.eventName !== 'burst.released');
        expect(new Set(records.map(idOf)).size).toBe(records.length);
        const released = new Map<string, number[]>();
        for (const record of records) {
          if (record.attributes['burst.sequence'] === undefined) continue;
          const id = record.attributes['burst.id'] as string;
          released.set(id, [...(released.get(id) ?? []), idOf(record)]);
        }
        for (const ids of released.values()) expect(ids).toEqual([...ids].sort((one, other) => one - other));
        const bursts = arrived.filter((record) => record.eventName === 'burst.released');
        for (const manifest of bursts) {
          const sent = released.get(manifest.attributes['burst.id'] as string)?.length ?? 0;
          const dropped = (manifest.attributes['burst.dropped'] as number | undefined) ?? 0;
          expect(sent).toBeLessThanOrEqual(manifest.attributes['burst.released'] as number);
          if (given.maxBytes > 1e6) expect(sent + dropped).toBe(manifest.attributes['burst.released']);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('within the byte bound, every loud record arrives; in chronological order no record overtakes another', async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(step, { minLength: 20, maxLength: 150, size: 'max' }),
      async (some, steps) => {
        const given = { ...some, maxBytes: 10_000_000 };
        const { arrived, emitted } = await play(given, steps, () => {});
        const ids = arrived.filter((record) => record.eventName !== 'burst.released').map(idOf);
        const loud = emitted.filter((record) => record.severity >= 9).map((record) => record.id);
        const arrivedIds = new Set(ids);
        expect(loud.filter((id) => !arrivedIds.has(id))).toEqual([]);
        const expectedOrder =
          given.order === 'chronological' ? ids : ids.filter((id) => emitted[id]!.severity >= 9);
        expect(expectedOrder).toEqual([...expectedOrder].sort((one, other) => one - other));
      },
    ),
    { numRuns: 200 },
  );
});
