/** Any program has the same effect on the holding core as on a naive implementation of it. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import * as fc from 'fast-check';
import type { Trigger, TriggerCause } from '../../src/holding/burst.ts';
import { BurstCore, type CoreSettings } from '../../src/holding/burst-core.ts';
import type { BurstStats, Keys } from '../../src/holding/index.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { expectAccountsBalance } from '../support/pipeline.ts';
import { ListingTarget, shownItem } from './listing-target.ts';
import { type Item, NaiveChronological, NaiveImmediate, type Sent } from './naive-core.ts';

type Step =
  | { readonly kind: 'hold'; readonly key: string; readonly size: number; readonly times: number }
  | { readonly kind: 'oversized' | 'open' | 'close'; readonly key: string }
  | { readonly kind: 'pass'; readonly size: number }
  | {
      readonly kind: 'trigger';
      readonly key: string;
      readonly size: number;
      readonly cause: TriggerCause;
      readonly fingerprint: string | undefined;
    }
  | {
      readonly kind: 'burst';
      readonly keys: Keys;
      readonly cause: TriggerCause;
      readonly fingerprint: string | undefined;
    }
  | { readonly kind: 'discard'; readonly keys: Keys }
  | { readonly kind: 'time'; readonly millis: number }
  | { readonly kind: 'flush' | 'deliver' };

const key = fc.constantFrom('', 'a', 'b', 'c');
const keys = fc.oneof(fc.constant('all' as const), fc.array(key, { minLength: 1, maxLength: 3 }));
const size = fc.constantFrom(1, 100, 300, 899, 900, 901, 2_000);
const fingerprint = fc.constantFrom('one', 'one', 'two', undefined);
const kind = <const Kind extends string>(name: Kind) => fc.constant(name);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({ kind: kind('hold'), key, size, times: fc.constantFrom(1, 1, 1, 1, 2, 20) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('oversized'), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('open' as const, 'close' as const), key }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('pass'), size }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ kind: kind('trigger'), key, size, fingerprint },
      cause: fc.constantFrom('severity' as const, 'exception' as const, 'predicate' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: kind('burst'), keys, fingerprint },
      cause: fc.constantFrom('manual' as const, 'crash' as const, 'span_error' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('discard'), keys }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind('time'),
      millis: fc.constantFrom(0, 1, 250, 499, 500, 501, 1_999, 2_000, 3_001, 5_000, 60_000, 700_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('flush' as const, 'deliver' as const) }) },
);

interface Given {
  readonly settings: Omit<CoreSettings<Item>, 'clock' | 'newBurstId' | 'isOpen' | 'flushTimeoutMillis'>;
  /** Whether the target keeps sent items until they are delivered. */
  readonly keeps: boolean;
}

const given: fc.Arbitrary<Given> = fc
  .record({
    order: fc.constantFrom('immediate' as const, 'immediate' as const, 'chronological' as const),
    bounds: fc.record({
      capacity: fc.constantFrom(1, 2, 5, 30),
      threshold: fc.constantFrom(1, 0.8, 0.5, 0.01),
      maxRecordBytes: fc.constant(900),
      maxAgeMillis: fc.constantFrom(2_000, 5_000, Number.POSITIVE_INFINITY),
      idleMillis: fc.constantFrom(20, 2_000, 3_000, Number.POSITIVE_INFINITY),
      maxDelayMillis: fc.constantFrom(500, 2_000, Number.POSITIVE_INFINITY),
      after: fc.constantFrom(
        { records: 0, millis: 0 },
        { records: 1, millis: 500 },
        { records: 3, millis: 5_000 },
      ),
    }),
    maxBytes: fc.constantFrom(2_500, 6_000, 1e9, 1e9),
    limit: fc.constantFrom(
      false as const,
      { records: 6, millis: 2_000, reserve: 0.5 },
      { records: 8, millis: 60_000, reserve: 0.25 },
    ),
    replayBatch: fc.constantFrom(1, 2, 100),
  })
  .chain((settings) => fc.record({ settings: fc.constant(settings), keeps: fc.boolean() }));

function build({ settings, keeps }: Given) {
  const clock = new ManualClock();
  const target = new ListingTarget(keeps);
  const open = new Set<string>();
  let bursts = 0;
  const all: CoreSettings<Item> = {
    ...settings,
    ...{ clock, flushTimeoutMillis: 1_000, isOpen: (key) => open.has(key) },
    newBurstId: () => `burst ${++bursts}`,
  };
  const core = new BurstCore<Item>(target, all);
  const { maxAgeMillis, idleMillis } = settings.bounds;
  const naive =
    settings.order === 'chronological'
      ? new NaiveChronological(all, keeps, maxAgeMillis)
      : new NaiveImmediate(all, keeps, Math.min(maxAgeMillis, idleMillis, Number.MAX_SAFE_INTEGER));
  return { clock, target, core, naive, open };
}

function expectSame(
  { clock, core, naive, target }: ReturnType<typeof build>,
  timers = naive.clock.pendingTimers,
): void {
  const stats = core.stats(0);
  expectAccountsBalance(stats);
  const { holding, keys, evicted, failed } = stats;
  const real = { counts: countsOf(stats), holding, keys, evicted, dropped: failed.bytes, sent: target.sent };
  const bytes = target.kept.reduce((sum, { size }) => sum + size, 0);
  const quiet = naive.held.filter(({ isLoud }) => isLoud !== true).length;
  expectEqual(
    { ...real, bytes, timers: clock.pendingTimers },
    {
      ...{ counts: naive.counts, holding: quiet, keys: naive.keyCount, evicted: naive.evicted },
      ...{ dropped: naive.dropped, sent: naive.sent, timers },
      bytes: naive.kept.reduce((sum, { size }) => sum + size, 0),
    },
  );
  expectDropped(stats, target);
  target.sent.length = 0;
  naive.sent.length = 0;
}

/** `dropped` was called once for each held item that was evicted or discarded, and for no other. */
function expectDropped({ evicted, discarded }: BurstStats, { dropped }: ListingTarget): void {
  const { capacity, bytes, age, idle, shutdown, limit } = evicted;
  const whileHeld = capacity + bytes + age + idle + shutdown;
  // Items evicted for these causes may never have been held.
  const isRight = dropped.size >= whileHeld && dropped.size <= whileHeld + discarded + limit;
  expect(isRight).toBe(true);
}

function countsOf({ held, released, discarded, passed, live, bursts, joined }: BurstStats) {
  return { held, released, discarded, passed, live, bursts, joined };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function play(given: Given, steps: readonly Step[], isShutDown: boolean): Promise<void> {
  const both = build(given);
  const { clock, core, naive, open, target } = both;
  let count = 0;
  const newItem = (rank: number): Item => ({ id: `${++count}`, rank });
  const triggerOf = (cause: TriggerCause, fingerprint: string | undefined): Trigger => ({
    cause,
    fingerprint: fingerprint === undefined ? undefined : () => fingerprint,
  });
  for (const one of steps) {
    switch (one.kind) {
      case 'hold':
        for (let times = 0; times < one.times; times += 1) {
          const item = newItem(1 + (count % 8));
          core.hold(one.key, item, one.size, clock.monotonicNow());
          naive.hold(one.key, item, one.size);
          naive.makeRoom();
        }
        break;
      case 'oversized':
        core.evictOversized(one.key);
        naive.oversized(one.key);
        break;
      case 'open':
        open.add(one.key);
        core.reopen(one.key);
        naive.reopen(one.key);
        break;
      case 'close':
        open.delete(one.key);
        core.settle(one.key, clock.monotonicNow());
        naive.settle(one.key);
        break;
      case 'pass': {
        const item = newItem(9 + (count % 8));
        core.pass(item, one.size, undefined);
        naive.pass(item, one.size);
        naive.makeRoom();
        break;
      }
      case 'trigger': {
        const item = newItem(17);
        core.trigger(one.key, item, one.size, triggerOf(one.cause, one.fingerprint), ROOT_CONTEXT);
        naive.trigger(one.key, item, one.size, triggerOf(one.cause, one.fingerprint));
        naive.makeRoom();
        break;
      }
      case 'burst': {
        const trigger = triggerOf(one.cause, one.fingerprint);
        const burst = core.burst(one.keys, trigger);
        const expected = naive.burst(one.keys, trigger);
        expectEqual([burst?.id, burst?.released], [expected?.id, expected?.released]);
        break;
      }
      case 'discard': {
        const before = target.dropped.size;
        const count = core.discard(one.keys);
        expectEqual(count, naive.discard(one.keys));
        expectEqual(target.dropped.size - before, count);
        break;
      }
      case 'time':
        clock.advance(one.millis);
        naive.clock.advance(one.millis);
        break;
      case 'flush':
        await core.forceFlush(undefined, undefined);
        await turn();
        naive.flush();
        break;
      case 'deliver':
        target.deliver();
        naive.kept = [];
        break;
    }
    expectSame(both);
  }
  if (isShutDown) {
    await core.shutdown(1_000);
    naive.shutdown();
    expectSame(both, 0);
    expect(core.stats(0)).toMatchObject({ holding: 0, holdingBytes: 0, keys: 0, pendingBytes: target.bytes });
  } else {
    const unsent: Sent[] = [];
    core.takeUnsent((item, added, cameAt) => unsent.push(shownItem(item, added, cameAt)));
    expectEqual(unsent, naive.unsent());
  }
}

test('any program has the same effects, counts and losses as without arena, tables and turns', async () => {
  await fc.assert(
    fc.asyncProperty(
      given,
      fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }),
      fc.boolean(),
      play,
    ),
    { numRuns: 250 },
  );
});
