import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Arena, Group } from '../../src/record/index.ts';
import { expectEqual } from '../support/expect-equal.ts';

interface Held {
  group: Group;
  readonly item: number;
  readonly size: number;
  readonly time: number;
}

/** A simple model with an array, next to the arena that is compared to it. */
class Modelled {
  readonly arena = new Arena<number>();
  readonly groups = [0, 1, 2].map(() => new Group());
  #held: Held[] = [];
  #nextItem = 0;

  constructor() {
    for (const group of this.groups) this.arena.open(group);
  }

  add(groupNumber: number, count: number, size: number, millis: number): void {
    const group = this.#groupAt(groupNumber);
    for (let added = 0; added < count; added += 1) {
      this.#nextItem += 1;
      this.arena.add(group, this.#nextItem, size, millis);
      this.#held.push({ group, item: this.#nextItem, size, time: millis });
    }
  }

  takeFirst(groupNumber: number, count: number): void {
    const group = this.#groupAt(groupNumber);
    for (let taken = 0; taken < count && group.count > 0; taken += 1) this.#takeOne(group);
  }

  takeOldest(count: number): void {
    for (let taken = 0; taken < count; taken += 1) {
      const group = this.arena.oldestGroup();
      if (group !== this.#held[0]?.group) expect(group).toBe(this.#held[0]?.group);
      if (group === undefined) return;
      this.#takeOne(group);
    }
  }

  /** A group is opened and closed, like the buffer of a trace; its index is reused. */
  replace(groupNumber: number): void {
    const group = this.#groupAt(groupNumber);
    if (group.count > 0) return;
    this.arena.close(group);
    expect(group.index).toBe(-1);
    const next = new Group();
    this.groups[this.groups.indexOf(group)] = next;
    this.arena.open(next);
    expect(next.index).toBeLessThan(this.groups.length);
  }

  /** The items of a group move to a new one; the group itself stays open, empty. */
  detach(groupNumber: number): void {
    const group = this.#groupAt(groupNumber);
    const detached = this.arena.detach(group);
    for (const held of this.#held) if (held.group === group) held.group = detached;
    this.groups.push(detached);
  }

  check(): void {
    const { arena, groups } = this;
    const place = (group: Group | undefined) => group && groups.indexOf(group);
    expectEqual(
      [arena.count, arena.bytes, place(arena.oldestGroup()), arena.oldestTime()],
      [
        this.#held.length,
        this.#held.reduce((sum, { size }) => sum + size, 0),
        place(this.#held[0]?.group),
        this.#held[0]?.time ?? Number.POSITIVE_INFINITY,
      ],
    );
    for (const group of groups) {
      const own = this.#held.filter((held) => held.group === group);
      expectEqual(group.count, own.length);
      if (own.length === 0) continue;
      expectEqual(
        [arena.first(group), arena.firstTime(group), arena.lastTime(group), arena.firstSize(group)],
        [own[0]!.item, own[0]!.time, own.at(-1)!.time, own[0]!.size],
      );
    }
  }

  #groupAt(groupNumber: number): Group {
    return this.groups[groupNumber % this.groups.length]!;
  }

  #takeOne(group: Group): void {
    const at = this.#held.findIndex((held) => held.group === group);
    expectEqual(this.arena.takeFirst(group), this.#held[at]?.item);
    this.#held.splice(at, 1);
  }
}

type Step = (modelled: Modelled) => void;

const groupNumber = fc.nat({ max: 5 });
/** Usually a few, sometimes more than the capacity of the arena. */
const count = fc.oneof(
  { weight: 9, arbitrary: fc.nat({ max: 5 }) },
  { weight: 1, arbitrary: fc.nat({ max: 400 }) },
);
const size = fc.oneof(fc.nat({ max: 1000 }), fc.constant(2 ** 32 - 1));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(groupNumber, count, size, fc.integer({ min: -(2 ** 50), max: 2 ** 50 })).map(
    ([group, many, bytes, millis]): Step =>
      (modelled) =>
        modelled.add(group, many, bytes, millis),
  ),
  fc.tuple(groupNumber, count).map(
    ([group, many]): Step =>
      (modelled) =>
        modelled.takeFirst(group, many),
  ),
  count.map(
    (many): Step =>
      (modelled) =>
        modelled.takeOldest(many),
  ),
  groupNumber.map(
    (group): Step =>
      (modelled) =>
        modelled.replace(group),
  ),
  groupNumber.map(
    (group): Step =>
      (modelled) =>
        modelled.detach(group),
  ),
  fc.constant<Step>((modelled) => modelled.arena.shrinkIfEmpty()),
);

test('for any additions and removals, it holds the same items as an array, in the same order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const modelled = new Modelled();
      for (const doStep of steps) {
        doStep(modelled);
        modelled.check();
      }
      modelled.takeOldest(Number.POSITIVE_INFINITY);
      modelled.check();
    }),
    { numRuns: 300 },
  );
});

test('a group whose items were moved to another stays usable, and both keep their order', () => {
  const arena = new Arena<string>();
  const group = new Group();
  arena.open(group);
  for (const item of ['a', 'b']) arena.add(group, item, 1, 0);
  const detached = arena.detach(group);
  for (const item of ['c', 'd']) arena.add(group, item, 1, 0);
  expect([group.count, detached.count, arena.count]).toEqual([2, 2, 4]);
  expect([arena.takeFirst(group), arena.takeFirst(detached)]).toEqual(['c', 'a']);
  expect([arena.oldestGroup(), arena.takeFirst(detached), arena.takeFirst(group)]).toEqual([
    detached,
    'b',
    'd',
  ]);
});

test('a hundred thousand items that are added and removed keep their order while a few are held', () => {
  const arena = new Arena<number>();
  const even = new Group();
  const odd = new Group();
  arena.open(even);
  arena.open(odd);
  const taken: number[] = [];
  for (let item = 0; item < 100_000; item += 1) {
    arena.add(item % 2 === 0 ? even : odd, item, 1, item);
    if (arena.count > 7) taken.push(arena.takeFirst(arena.oldestGroup()!));
  }
  expect(taken).toEqual(Array.from({ length: 100_000 - 7 }, (_, item) => item));
  expect([arena.count, even.count + odd.count, arena.bytes]).toEqual([7, 7, 7]);
});

test('it grows past every first capacity and loses nothing on the way', () => {
  const arena = new Arena<number>();
  const group = new Group();
  arena.open(group);
  for (let item = 0; item < 10_000; item += 1) arena.add(group, item, 3, item);
  expect([arena.count, arena.bytes, arena.oldestTime()]).toEqual([10_000, 30_000, 0]);
  for (let item = 0; item < 10_000; item += 1) expect(arena.takeFirst(group)).toBe(item);
  expect([arena.count, arena.bytes]).toEqual([0, 0]);
});

test('it shrinks only when empty, and can be filled again after that', () => {
  const arena = new Arena<string>();
  const group = new Group();
  arena.open(group);
  for (let item = 0; item < 10_000; item += 1) arena.add(group, 'flood', 1, 0);
  arena.shrinkIfEmpty();
  expect(arena.count).toBe(10_000);
  while (arena.count > 0) arena.takeFirst(group);
  arena.shrinkIfEmpty();
  arena.add(group, 'after', 5, 42);
  expect([arena.count, arena.bytes, arena.oldestTime(), arena.takeFirst(group)]).toEqual([1, 5, 42, 'after']);
});

test('a removed item is not kept alive', async () => {
  const arena = new Arena<object>();
  const group = new Group();
  arena.open(group);
  const reference = addAndTake(arena, group);
  // A new WeakRef keeps its object until the turn of the event loop is over.
  await new Promise(setImmediate);
  collectGarbage();
  expect(reference.deref()).toBeUndefined();
  expect(arena.count).toBe(0);
});

function addAndTake(arena: Arena<object>, group: Group): WeakRef<object> {
  arena.add(group, {}, 1, 0);
  return new WeakRef(arena.takeFirst(group));
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

test('the callback of the arena receives each item that is dropped, and none that is taken', () => {
  const dropped: string[] = [];
  const arena = new Arena<string>((item) => dropped.push(item));
  const group = new Group();
  arena.open(group);
  for (const item of ['first', 'second', 'third']) arena.add(group, item, 10, 0);
  arena.dropFirst(group);
  expect(arena.takeFirst(group)).toBe('second');
  arena.dropFirst(group);
  expect({ dropped, count: arena.count, bytes: arena.bytes }).toEqual({
    ...{ dropped: ['first', 'third'], count: 0, bytes: 0 },
  });
});
