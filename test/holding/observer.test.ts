/** The events that an observer of the holding core (the black box) receives, and their order. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { BurstCore, type CoreSettings } from '../../src/holding/burst-core.ts';
import type { HeldItems, HoldingObserver, Keys, Trigger } from '../../src/holding/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { ListingTarget } from './listing-target.ts';
import type { Item } from './naive-core.ts';

const error: Trigger = { cause: 'severity', fingerprint: undefined };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function build(
  given: Partial<Omit<CoreSettings<Item>, 'bounds'>> & { bounds?: object } = {},
  target = new ListingTarget(),
) {
  const { bounds, ...rest } = given;
  const clock = new ManualClock();
  const heard: unknown[][] = [];
  let held: HeldItems<Item> | undefined;
  const observer: HoldingObserver<Item> = {
    attach: (items) => {
      held = items;
    },
    held: (now) => heard.push(['held', now - startedAt]),
    releasing: (keys) => heard.push(['releasing', keys]),
    released: (key, count) => heard.push(['released', key, count]),
    triggered: () => heard.push(['triggered', target.sent.length]),
    emptied: (key) => heard.push(['emptied', key]),
    dropped: (number) => heard.push(['dropped', number]),
  };
  const startedAt = clock.monotonicNow();
  const core = new BurstCore<Item>(target, {
    ...{ order: 'immediate', maxBytes: 1e9, limit: false, replayBatch: 1, flushTimeoutMillis: 1_000 },
    ...{ clock, newBurstId: () => 'burst', isOpen: () => false, observer },
    bounds: {
      ...{ capacity: 100, threshold: 1, maxRecordBytes: 1_000, maxAgeMillis: 10_000, idleMillis: 40_000 },
      ...{ maxDelayMillis: 1e9, after: { records: 0, millis: 0 }, ...bounds },
    },
    ...rest,
  });
  return {
    ...{ clock, core, target },
    /** The events since the last call. */
    heard: () => heard.splice(0),
    /** The same without `held` events. */
    heardOfKeys: () => heard.splice(0).filter(([what]) => what !== 'held'),
    hold: (key: string, ...ids: string[]) => {
      for (const id of ids) core.hold(key, { id: `${key}${id}`, rank: 5 }, 10, clock.monotonicNow());
    },
    fail: (key: string) => core.trigger(key, { id: 'failed', rank: 17 }, 10, error, ROOT_CONTEXT),
    /** The items that arrived since the last call, with their keys. Each gets a number. */
    look: (number = 0) => {
      const seen: string[] = [];
      held?.eachNew(({ id }, key) => {
        seen.push(`${id} of ${key}`);
        return number;
      });
      return seen;
    },
    lookAtUnknown: (keys: Keys, number = 0) => {
      const seen: string[] = [];
      held?.eachUnknown(keys, ({ id }, key, cameAt) => {
        seen.push(`${id} of ${key} at ${cameAt - startedAt}`);
        return number;
      });
      return seen;
    },
  };
}

test('each added item is reported with its time, and visited once, unless it was removed before', () => {
  const { clock, core, heard, hold, look } = build();
  hold('a', '1');
  clock.advance(5);
  hold('b', '1');
  hold('a', '2');
  expect(heard()).toEqual([
    ['held', 0],
    ['held', 5],
    ['held', 5],
  ]);
  expect(look()).toEqual(['a1 of a', 'b1 of b', 'a2 of a']);
  expect(look()).toEqual([]);
  hold('a', '3');
  hold('b', '2');
  core.discard(['a']);
  expect(look()).toEqual(['b2 of b']);
});

test('an item that got no number when visited can be visited again by its key, until it has one', () => {
  const { clock, hold, look, lookAtUnknown } = build();
  hold('a', '1');
  clock.advance(7);
  hold('b', '1');
  hold('a', '2');
  look();
  expect(lookAtUnknown(['a', 'unknown', 'a'])).toEqual(['a1 of a at 0', 'a2 of a at 7']);
  expect(lookAtUnknown(['a'], 3)).toEqual(['a1 of a at 0', 'a2 of a at 7']);
  expect(lookAtUnknown('all', 4)).toEqual(['b1 of b at 7']);
  expect(lookAtUnknown('all')).toEqual([]);
});

test('a trigger is reported before its burst, with the number of released items, and again after it was sent', () => {
  const { fail, heard, hold } = build();
  hold('a', '1', '2');
  hold('b', '1');
  heard();
  fail('a');
  expect(heard()).toEqual([
    ['releasing', ['a']],
    ['released', 'a', 2],
    // The trigger itself has been sent by then.
    ['triggered', 1],
  ]);
  fail('nothing');
  expect(heard()).toEqual([
    ['releasing', ['nothing']],
    ['triggered', 2],
  ]);
});

test('a burst of all keys is reported key by key', () => {
  const { core, heard, hold } = build();
  hold('a', '1');
  hold('b', '1', '2');
  heard();
  expect(core.burst('all', { cause: 'manual', fingerprint: undefined })?.released).toBe(3);
  expect(heard()).toEqual([
    ['releasing', 'all'],
    ['released', 'a', 1],
    ['released', 'b', 2],
    ['triggered', 0],
  ]);
});

test('no release is reported for a key that holds nothing', () => {
  const { core, heard, hold } = build();
  hold('a', '1');
  heard();
  core.burst(['a', 'empty'], { cause: 'span_error', fingerprint: undefined });
  expect(heard()).toEqual([
    ['releasing', ['a', 'empty']],
    ['released', 'a', 1],
    ['triggered', 0],
  ]);
});

test('a key is reported when its last item is removed, for any cause, and not before', () => {
  const { clock, core, heard, heardOfKeys, hold } = build({ maxBytes: 100 });
  hold('a', '1', '2');
  hold('b', '1');
  hold('c', '1');
  heard();
  core.discard(['a', 'nothing']);
  core.settle('b', clock.monotonicNow());
  expect(heard()).toEqual([
    ['emptied', 'a'],
    ['emptied', 'b'],
  ]);
  // By age: the sweep runs every 2.5 seconds.
  clock.advance(6_000);
  hold('d', '1', '2');
  heard();
  clock.advance(6_500);
  expect(heard()).toEqual([['emptied', 'c']]);
  // By the byte bound: the first of d, and then the second, its last.
  hold('e', ...Array.from({ length: 9 }, (_, index) => `${index}`));
  expect(heardOfKeys()).toEqual([]);
  hold('e', '10');
  expect(heardOfKeys()).toEqual([['emptied', 'd']]);
  expect(core.stats(0)).toMatchObject({ evicted: { age: 1, bytes: 2 }, holding: 10 });
});

test('an idle key is reported, and every key at shutdown', async () => {
  const { clock, core, heard, hold } = build({ bounds: { maxAgeMillis: 1e9, idleMillis: 1_000 } });
  hold('a', '1');
  hold('', '1');
  heard();
  clock.advance(1_250);
  // The key of items without a trace is never idle.
  expect(heard()).toEqual([['emptied', 'a']]);
  hold('b', '1');
  heard();
  await core.shutdown(1_000);
  expect(heard()).toEqual([
    ['emptied', ''],
    ['emptied', 'b'],
  ]);
});

test('items that the limit does not admit are reported as emptied, not as released', () => {
  const { core, heard, hold } = build({ limit: { records: 1, millis: 1e9, reserve: 0 } });
  hold('a', '1', '2');
  heard();
  core.trigger(
    'a',
    { id: 'failed', rank: 17 },
    10,
    { cause: 'severity', fingerprint: () => 'x' },
    ROOT_CONTEXT,
  );
  expect(heard()).toEqual([
    ['releasing', ['a']],
    ['emptied', 'a'],
    ['triggered', 1],
  ]);
});

test('an item that is released and then dropped by the byte bound is reported by its number', () => {
  const { core, fail, heard, hold, look } = build(
    { maxBytes: 1_560, replayBatch: 4 },
    new ListingTarget(true),
  );
  hold('a', '1');
  look(7);
  hold('a', '2', '3');
  look(8);
  fail('a');
  // Three items and a manifest of 1,500 bytes are queued, and the trigger waits for its delivery.
  expect(core.stats(0).pendingBytes).toBe(1_540);
  heard();
  core.pass({ id: 'loud', rank: 9 }, 20, undefined);
  expect(heard()).toEqual([]);
  core.pass({ id: 'loud', rank: 9 }, 11, undefined);
  expect(heard()).toEqual([
    ['dropped', 7],
    ['dropped', 8],
  ]);
  expect(core.stats(0).failed.bytes).toBe(2);
});

test('items are sent with their observer numbers', async () => {
  const { fail, hold, look, target } = build();
  const numbers: unknown[] = [];
  const send = target.send.bind(target);
  target.send = (...given) => {
    numbers.push((given[2] as { number?: number } | undefined)?.number);
    send(...given);
  };
  hold('a', '1');
  look(5);
  hold('a', '2');
  fail('a');
  for (let turns = 8; turns > 0; turns -= 1) await turn();
  // The trigger, a visited item, an item that was not visited, the manifest.
  expect(numbers).toEqual([undefined, 5, 0, undefined]);
});
