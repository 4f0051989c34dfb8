import { ROOT_CONTEXT } from '@opentelemetry/api';
import { BurstCore, type CoreSettings } from '../../src/holding/burst-core.ts';
import type { Trigger } from '../../src/holding/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { ListingTarget } from './listing-target.ts';
import type { Item } from './naive-core.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const error: Trigger = { cause: 'severity', fingerprint: undefined };

interface Given extends Partial<Omit<CoreSettings<Item>, 'bounds'>> {
  readonly bounds?: Partial<CoreSettings<Item>['bounds']>;
}

function build({ bounds, ...given }: Given = {}) {
  const clock = new ManualClock();
  const target = new ListingTarget();
  let count = 0;
  let bursts = 0;
  const core = new BurstCore<Item>(target, {
    ...{ order: 'immediate', maxBytes: 1e9, limit: false, replayBatch: 4, flushTimeoutMillis: 1_000 },
    ...{ clock, newBurstId: () => `burst ${++bursts}`, isOpen: () => false },
    bounds: {
      ...{ capacity: 100_000, threshold: 1, maxRecordBytes: 1_000, maxAgeMillis: 60_000, idleMillis: 60_000 },
      ...{ maxDelayMillis: Number.POSITIVE_INFINITY, after: { records: 0, millis: 0 }, ...bounds },
    },
    ...given,
  });
  const item = (rank: number): Item => ({ id: `${++count}`, rank });
  return {
    ...{ clock, core, target },
    hold: (times = 1, key = '') => {
      for (let left = times; left > 0; left -= 1) core.hold(key, item(5), 10, clock.monotonicNow());
    },
    loud: () => core.pass(item(9), 10, undefined),
    fail: (key = '') => core.trigger(key, item(17), 10, error, ROOT_CONTEXT),
    /** The sent items, without manifests. */
    sent: () => target.sent.filter(([kind]) => kind === 'record').length,
  };
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await turn();
}

describe('a replay', () => {
  test('sends one batch, and the next one after the target was flushed', async () => {
    const { target, hold, fail, sent } = build();
    let release: () => void = () => {};
    target.flushed = new Promise((resolve) => {
      release = resolve;
    });
    hold(10);
    fail();
    await turns(5);
    // The trigger and four records.
    expect([sent(), target.flushes]).toEqual([5, 1]);
    target.flushed = new Promise(() => {});
    release();
    await turns(5);
    expect([sent(), target.flushes]).toEqual([9, 2]);
  });

  test('yields to the event loop between two batches', async () => {
    const { target, hold, fail } = build();
    hold(100);
    fail();
    await turn();
    expect(target.flushes).toBeLessThan(5);
    await turns(60);
    expect(target.flushes).toBe(26);
  });

  test('a long burst, and another one that starts while it moves, are sent one after the other', async () => {
    const { target, hold, fail } = build({ replayBatch: 1 });
    hold(50, 'a');
    hold(3, 'b');
    fail('a');
    fail('b');
    await turns(120);
    // The two triggers are sent first.
    const left = target.sent.slice(2).map(([kind, id, , burst]) => (kind === 'manifest' ? id : burst));
    expect(left).toEqual([...Array(51).fill('burst 1'), ...Array(4).fill('burst 2')]);
  });

  test('in chronological order a trigger and the released records are delivered at once, a loud record with its batch', async () => {
    const { target, hold, loud, fail, sent } = build({
      order: 'chronological',
      replayBatch: 10,
      bounds: { after: { records: 100, millis: 10_000 } },
    });
    hold(2);
    fail();
    await turns(5);
    expect([sent(), target.flushes]).toEqual([3, 1]);
    // In the after-window everything is sent; the target decides when it delivers less than a batch.
    loud();
    hold();
    await turns(5);
    expect([sent(), target.flushes]).toEqual([5, 1]);
    // Another error joins, and is delivered at once.
    fail();
    await turns(5);
    expect([sent(), target.flushes]).toEqual([6, 2]);
    for (let left = 9; left > 0; left -= 1) loud();
    await turns(5);
    expect(target.flushes).toBe(2);
    loud();
    await turns(5);
    expect([sent(), target.flushes]).toEqual([16, 3]);
  });

  test('that is ended by the timeout of shutdown() is counted, and sends nothing afterwards', async () => {
    const { clock, core, target, hold, fail, sent } = build();
    let release: () => void = () => {};
    target.flushed = new Promise((resolve) => {
      release = resolve;
    });
    hold(10);
    fail();
    await turns(3);
    const ended = core.shutdown(1_000);
    await turn();
    // A twentieth of the timeout is reserved for the target.
    clock.advance(949);
    await turn();
    expect(core.stats(0).failed.shutdown).toBe(0);
    clock.advance(1);
    await ended;
    release();
    await turns(5);
    // Six records and the manifest.
    expect(core.stats(0)).toMatchObject({ failed: { shutdown: 7 }, pending: 0, pendingBytes: 0 });
    expect(sent()).toBe(5);
  });
});

describe('keys', () => {
  test('with a recent burst are kept, up to the latest 65,536', async () => {
    const { core, fail, hold } = build({ bounds: { after: { records: 1, millis: 60_000 } } });
    for (let count = 0; count < 65_536; count += 1) fail(`${count}`);
    expect(core.stats(0).keys).toBe(65_536);
    fail('one more');
    expect(core.stats(0).keys).toBe(65_536);
    // The window of the first key is removed, those of the others are open.
    for (const key of ['0', '1', 'one more']) hold(1, key);
    expect(core.stats(0)).toMatchObject({ holding: 1, passed: 2 });
    await core.shutdown(1_000);
  });

  test('emptied by the byte bound are removed if there are more than 16,384', () => {
    const { core, hold } = build({ maxBytes: 163_840 });
    for (let count = 0; count < 16_384; count += 1) hold(1, `${count}`);
    hold(1, '0');
    // One item was added and one evicted, of a key that still holds another one.
    expect(core.stats(0)).toMatchObject({ keys: 16_384, evicted: { bytes: 1 } });
    hold(1, '0');
    // The first item of key 1 was evicted, and its eviction count is kept.
    expect(core.stats(0)).toMatchObject({ keys: 16_384, evicted: { bytes: 2 } });
    hold(1, 'one more');
    expect(core.stats(0)).toMatchObject({ keys: 16_384, evicted: { bytes: 3 } });
  });
});
