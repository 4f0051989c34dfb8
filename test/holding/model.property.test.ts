/** Any program does the same to the holding core as to one that is written without any of its means. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import * as fc from 'fast-check';
import type { Burst, Trigger, TriggerCause } from '../../src/holding/burst.ts';
import { BurstCore, type CoreSettings } from '../../src/holding/burst-core.ts';
import type { BurstStats, Keys, Target } from '../../src/holding/index.ts';
import type { Limited, Recurrence } from '../../src/limit/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { expectAccountsBalance } from '../support/pipeline.ts';
import { type Item, NaiveChronological, NaiveImmediate, type Sent, shownBurst } from './naive-core.ts';

type Step =
  | { readonly kind: 'hold'; readonly key: string; readonly size: number }
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
  { weight: 20, arbitrary: fc.record({ kind: kind('hold'), key, size }) },
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
  /** Whether the target keeps what it got until it is delivered. */
  readonly keeps: boolean;
}

const given: fc.Arbitrary<Given> = fc
  .record({
    order: fc.constantFrom('immediate' as const, 'immediate' as const, 'chronological' as const),
    bounds: fc.record({
      capacity: fc.constantFrom(1, 2, 5, 30),
      threshold: fc.constantFrom(1, 0.8, 0.5, 0.01),
      maxRecordBytes: fc.constant(900),
      maxAgeMillis: fc.constantFrom(2_000, 5_000),
      idleMillis: fc.constantFrom(2_000, 3_000),
      maxDelayMillis: fc.constantFrom(500, 2_000, Number.POSITIVE_INFINITY),
      after: fc.constantFrom(false as const, { records: 1, millis: 500 }, { records: 3, millis: 5_000 }),
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

const shownLimited = (limited: Limited<Item>, error: Recurrence<Item> | undefined) => {
  const { bursts, records, origin, firstTime, lastTime } = limited;
  return [
    bursts,
    records,
    origin.id,
    firstTime,
    lastTime,
    error?.fingerprint,
    error?.count,
    error?.lastBurstId,
  ];
};

/** A target that says what it got. */
class ListingTarget implements Target<Item> {
  readonly sent: Sent[] = [];
  kept: { readonly rank: number; readonly size: number }[] = [];
  readonly keeps: boolean;
  #delivered = 0;
  #failed = 0;
  readonly items = {
    rankOf: ({ rank }: Item) => rank,
    timeOf: (_: Item, cameAt: number) => cameAt,
    originOf: (item: Item) => item,
    manifestOf: (burst: Burst<Item>): Item => {
      const shown = shownBurst({ ...burst, origin: burst.origin.id }, burst.firstTime, burst.lastTime);
      return { id: 'manifest', rank: 9, shown };
    },
    summaryOf: (limited: Limited<Item>, error: Recurrence<Item> | undefined): Item => ({
      id: JSON.stringify(['summary', ...shownLimited(limited, error)]),
      rank: 9,
    }),
  };

  constructor(keeps: boolean) {
    this.keeps = keeps;
  }

  get bytes(): number {
    return this.kept.reduce((sum, { size }) => sum + size, 0);
  }

  send(
    item: Item,
    size: number,
    added: Parameters<Target<Item>['send']>[2],
    _: unknown,
    cameAt: number,
  ): void {
    this.sent.push(shownItem(item, added, cameAt));
    if (this.keeps) this.kept.push({ rank: item.rank, size });
    else this.#delivered += 1;
  }

  dropQuietest(): boolean {
    if (this.kept.length === 0) return false;
    const least = Math.min(...this.kept.map(({ rank }) => rank));
    this.kept.splice(
      this.kept.findIndex(({ rank }) => rank === least),
      1,
    );
    this.#failed += 1;
    return true;
  }

  deliver(): void {
    this.#delivered += this.kept.splice(0).length;
  }

  wake(): void {}
  async flush(): Promise<void> {}
  async shutdown(): Promise<void> {}
  undelivered(): [] {
    return [];
  }
  counts() {
    return { delivered: this.#delivered, failed: { queue_full: this.#failed }, pending: this.kept.length };
  }
}

function shownItem(item: Item, added: Parameters<Target<Item>['send']>[2], cameAt: number): Sent {
  if (item.shown !== undefined) return item.shown;
  const { repeat } = added ?? {};
  const shownRepeat = repeat && [repeat.fingerprint, repeat.count, repeat.lastBurstId];
  return ['record', item.id, cameAt, added?.burstId, added?.sequence ?? 0, added?.cause, shownRepeat];
}

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
      : new NaiveImmediate(all, keeps, Math.min(maxAgeMillis, idleMillis));
  return { clock, target, core, naive, open };
}

function expectSame({ core, naive, target }: ReturnType<typeof build>): void {
  const stats = core.stats(0);
  expectAccountsBalance(stats);
  const { holding, keys, evicted, failed } = stats;
  const real = { counts: countsOf(stats), holding, keys, evicted, dropped: failed.bytes, sent: target.sent };
  const bytes = target.kept.reduce((sum, { size }) => sum + size, 0);
  const quiet = naive.held.filter(({ isLoud }) => isLoud !== true).length;
  expect({ ...real, bytes }).toEqual({
    ...{ counts: naive.counts, holding: quiet, keys: naive.keyCount, evicted: naive.evicted },
    ...{ dropped: naive.dropped, sent: naive.sent },
    bytes: naive.kept.reduce((sum, { size }) => sum + size, 0),
  });
  target.sent.length = 0;
  naive.sent.length = 0;
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
      case 'hold': {
        const item = newItem(1 + (count % 8));
        core.hold(one.key, item, one.size, clock.monotonicNow());
        naive.hold(one.key, item, one.size);
        naive.makeRoom();
        break;
      }
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
        expect([burst?.id, burst?.released]).toEqual([expected?.id, expected?.released]);
        break;
      }
      case 'discard':
        expect(core.discard(one.keys)).toBe(naive.discard(one.keys));
        break;
      case 'time':
        clock.advance(one.millis);
        naive.clock.advance(one.millis);
        break;
      case 'flush':
        await core.forceFlush(undefined, undefined);
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
    expectSame(both);
    expect(core.stats(0)).toMatchObject({ holding: 0, holdingBytes: 0, keys: 0, pendingBytes: target.bytes });
    await turn();
    expect(clock.pendingTimers).toBe(0);
  } else {
    const unsent: Sent[] = [];
    core.takeUnsent((item, added, cameAt) => unsent.push(shownItem(item, added, cameAt)));
    expect(unsent).toEqual(naive.unsent());
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
    { numRuns: 400 },
  );
});
