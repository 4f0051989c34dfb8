/** The replay, the expiry sweep and the after-window, each on its own. */
import { AfterWindow } from '../../src/holding/after-window.ts';
import { Burst, type Trigger } from '../../src/holding/burst.ts';
import { Counters } from '../../src/holding/counters.ts';
import { ExpirySweep } from '../../src/holding/expiry-sweep.ts';
import { Replay } from '../../src/holding/replay.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { ListingTarget, shownItem } from './listing-target.ts';
import type { Item } from './naive-core.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const trigger: Trigger = { cause: 'severity', fingerprint: undefined };

function build(batch = 4, target = new ListingTarget()) {
  const counters = new Counters();
  const dropped: number[] = [];
  const events = { released() {}, emptied() {}, dropped: (number: number) => void dropped.push(number) };
  const replay = new Replay<Item>(target, counters, batch, events);
  const item = (id: string, rank = 5): Item => ({ id, rank });
  return {
    ...{ counters, dropped, replay, target },
    burst: (released: number) => new Burst<Item>('burst', trigger, item('origin'), released),
    /** Adds items of a burst, with their observer numbers. */
    release: (burst: Burst<Item>, ...ids: string[]) => {
      for (const id of ids) replay.addReleased(item(id), 10, Number(id), burst, Number(id));
    },
    live: (id: string, rank = 9) => replay.addLive(item(id, rank), 10, 0),
    sent: () => target.sent.map(([kind, id]) => (kind === 'record' ? id : kind)),
  };
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await turn();
}

describe('a replay', () => {
  test('sends in order: items with burst and position, then the manifest with the time range', async () => {
    const { burst, counters, release, replay, target } = build();
    const one = burst(2);
    release(one, '7', '5');
    replay.addManifest(one);
    expect([replay.count, replay.bytes, counters.live]).toEqual([3, 1_520, 1]);
    await turns(3);
    expect(target.sent.slice(0, 2)).toEqual([
      ['record', '7', 7, 'burst', 1, undefined, undefined],
      ['record', '5', 5, 'burst', 2, undefined, undefined],
    ]);
    expect([one.firstTime, one.lastTime]).toEqual([5, 7]);
    expect([replay.count, replay.bytes, target.flushes]).toEqual([0, 0, 1]);
  });

  test('sends live items in the next turn, and flushes them with their batch', async () => {
    const { live, sent, target } = build(3);
    live('1');
    expect(sent()).toEqual([]);
    await turn();
    live('2');
    await turn();
    expect([sent(), target.flushes]).toEqual([['1', '2'], 0]);
    live('3');
    await turns(3);
    expect([sent(), target.flushes]).toEqual([['1', '2', '3'], 1]);
    // The next batch counts from the beginning.
    live('4');
    live('5');
    await turns(3);
    expect([sent().length, target.flushes]).toEqual([5, 1]);
  });

  test('flushes all queued items at once after hurry(), and later ones with their batch', async () => {
    const { live, replay, target } = build(3);
    live('1');
    replay.hurry();
    await turns(3);
    expect(target.flushes).toBe(1);
    live('2');
    await turns(3);
    expect(target.flushes).toBe(1);
  });

  test('does not flush the next item at once if the item that hurry() was called for was dropped', async () => {
    const { live, replay, target } = build(3);
    live('1');
    replay.hurry();
    replay.dropQuietest();
    await turns(3);
    const { flushes } = target;
    live('2');
    await turns(3);
    expect(target.flushes).toBe(flushes);
  });

  test('is drained when the items queued at the time of the call are sent; at once if there are none', async () => {
    const { live, replay, sent, target } = build(2);
    await replay.drained();
    expect(target.flushes).toBe(0);
    let release: () => void = () => {};
    target.flushed = new Promise((resolve) => {
      release = resolve;
    });
    for (const id of ['1', '2', '3']) live(id);
    let isDrained = false;
    const drained = replay.drained().then(() => {
      isDrained = true;
    });
    await turns(3);
    live('4');
    expect([sent(), isDrained]).toEqual([['1', '2'], false]);
    release();
    await drained;
    expect(sent()).toContain('3');
  });

  test('drops the quietest first, and counts it in its burst and the counters, and reports it to the observer', async () => {
    const { burst, counters, dropped, live, release, replay, sent } = build();
    expect(replay.dropQuietest()).toBe(false);
    const one = burst(2);
    release(one, '1', '2');
    live('loud');
    expect([replay.dropQuietest(), one.dropped, dropped]).toEqual([true, 1, [1]]);
    expect([replay.dropQuietest(), one.dropped, dropped]).toEqual([true, 2, [1, 2]]);
    const drained = replay.drained();
    // It belongs to no burst and has no number; the waiter is released.
    expect([replay.dropQuietest(), one.dropped, dropped]).toEqual([true, 2, [1, 2]]);
    await drained;
    expect([counters.dropped, replay.dropQuietest(), sent()]).toEqual([{ bytes: 3, shutdown: 0 }, false, []]);
  });

  test('that is stopped sends nothing more, counts the remaining items, and releases waiters', async () => {
    const { counters, live, replay, sent } = build();
    for (const id of ['1', '2']) live(id);
    const drained = replay.drained();
    replay.stop();
    await drained;
    await turns(2);
    expect([sent(), counters.dropped, replay.count]).toEqual([[], { bytes: 0, shutdown: 2 }, 0]);
  });

  test('takeAll() visits queued items with their attributes, and manifests as records', () => {
    const { burst, live, release, replay } = build();
    const one = burst(1);
    release(one, '3');
    replay.addManifest(one);
    live('loud');
    const given: unknown[] = [];
    replay.takeAll((item, added, cameAt) => given.push(shownItem(item, added, cameAt).slice(0, 5)));
    expect(given).toEqual([
      ['record', '3', 3, 'burst', 1],
      ['manifest', 'burst', 'severity', 1, 'origin'],
      ['record', 'loud', 0, undefined, 0],
    ]);
    expect(replay.count).toBe(0);
  });

  test('continues after a target has thrown, and counts the lost item', async () => {
    class BrokenTarget extends ListingTarget {
      override send(...given: Parameters<ListingTarget['send']>): void {
        if (given[0].id === '2') throw new Error('broken');
        super.send(...given);
      }
    }
    const { counters, live, sent } = build(4, new BrokenTarget());
    for (const id of ['1', '2', '3']) live(id);
    await turns(2);
    expect([sent(), counters.unreadable]).toEqual([['1', '3'], 1]);
  });
});

describe('a sweep', () => {
  function sweepOf(oldMillis: number, looks: boolean[] = []) {
    const clock = new ManualClock();
    const startedAt = clock.monotonicNow();
    const at: number[] = [];
    const sweep = new ExpirySweep(clock, oldMillis, (now) => {
      at.push(now - startedAt);
      return looks.shift() ?? true;
    });
    return { at, clock, sweep };
  }

  test.each([
    ['four times within the time', 4_000, 1_000],
    ['every 15 seconds at the least', 86_400_000, 15_000],
    ['every 10 ms at the most', 1, 10],
  ])('looks %s', (_name, oldMillis, everyMillis) => {
    const { at, clock, sweep } = sweepOf(oldMillis);
    sweep.arm();
    clock.advance(3 * everyMillis);
    expect(at).toEqual([everyMillis, 2 * everyMillis, 3 * everyMillis]);
  });

  test('stops when no item remains, and starts again when one is added', () => {
    const { at, clock, sweep } = sweepOf(400, [true, false]);
    sweep.arm();
    sweep.arm();
    clock.advance(1_000);
    expect([at, clock.pendingTimers]).toEqual([[100, 200], 0]);
    sweep.arm();
    clock.advance(100);
    expect(at).toEqual([100, 200, 1_100]);
  });

  test('is never armed if nothing expires, or after its end', () => {
    const never = sweepOf(Number.POSITIVE_INFINITY);
    never.sweep.arm();
    expect(never.clock.pendingTimers).toBe(0);
    const { at, clock, sweep } = sweepOf(400);
    sweep.arm();
    sweep.end();
    sweep.arm();
    clock.advance(1_000);
    expect([at, clock.pendingTimers]).toEqual([[], 0]);
  });
});

describe('the after-window', () => {
  test('is open for a number of records, and for a time', () => {
    const window = new AfterWindow('id', { records: 2, millis: 1_000 }, true, 500);
    expect([window.isOpen(500), window.isOpen(1_499), window.isOpen(1_500)]).toEqual([true, true, false]);
    window.count();
    expect(window.isOpen(500)).toBe(true);
    window.count();
    expect(window.isOpen(500)).toBe(false);
  });

  test('with no records is never open', () => {
    expect(new AfterWindow('id', { records: 0, millis: 1_000 }, true, 0).isOpen(0)).toBe(false);
    expect(new AfterWindow('id', { records: 1, millis: 0 }, true, 0).isOpen(0)).toBe(false);
  });
});
