import fc from 'fast-check';
import { RankedQueue } from '../../src/record/index.ts';

interface Waiting {
  readonly item: number;
  readonly rank: number;
  readonly size: number;
}

/** The queue and a model with an array; both must always agree. */
class Modelled {
  readonly queue = new RankedQueue<number>();
  #waiting: Waiting[] = [];
  #added = 0;

  add(rank: number, size: number): void {
    this.#added += 1;
    this.queue.add(this.#added, rank, size);
    this.#waiting.push({ item: this.#added, rank, size });
  }

  takeFirst(): void {
    expect(this.queue.takeFirst()).toBe(this.#waiting.shift()?.item);
  }

  takeQuietest(): void {
    const lowest = Math.min(...this.#waiting.map(({ rank }) => rank));
    const at = this.#waiting.findIndex(({ rank }) => rank === lowest);
    const expected = at === -1 ? undefined : this.#waiting.splice(at, 1)[0]!.item;
    expect(this.queue.takeQuietest()).toBe(expected);
  }

  check(): void {
    const first = this.#waiting[0];
    expect(this.queue.count).toBe(this.#waiting.length);
    expect(this.queue.bytes).toBe(this.#waiting.reduce((sum, { size }) => sum + size, 0));
    expect(this.queue.firstSize).toBe(first?.size ?? 0);
    // Items have the same numbers as in the queue: from 1, in order of arrival.
    expect(this.queue.firstSequence).toBe(first?.item ?? Number.POSITIVE_INFINITY);
    expect(this.queue.lastSequence).toBe(this.#added);
  }
}

type Step = (modelled: Modelled) => void;

const rank = fc.nat({ max: 24 });
const add: fc.Arbitrary<Step> = fc.tuple(rank, fc.nat({ max: 10_000 })).map(
  ([ofItem, size]) =>
    (modelled) =>
      modelled.add(ofItem, size),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: add },
  { weight: 1, arbitrary: fc.constant<Step>((modelled) => modelled.takeFirst()) },
  { weight: 1, arbitrary: fc.constant<Step>((modelled) => modelled.takeQuietest()) },
);

test('it is first in, first out, and drops the oldest of the lowest rank, for any sequence of operations', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const modelled = new Modelled();
      for (const doStep of steps) {
        doStep(modelled);
        modelled.check();
      }
    }),
  );
});

test('a dropped item is never louder than the remaining ones', () => {
  fc.assert(
    fc.property(fc.array(rank, { minLength: 1 }), (ranks) => {
      const queue = new RankedQueue<number>();
      for (const ofItem of ranks) queue.add(ofItem, ofItem, 1);
      const given: number[] = [];
      while (queue.count > 0) given.push(queue.takeQuietest()!);
      expect(given).toEqual([...ranks].sort((a, b) => a - b));
    }),
  );
});

test('an empty queue gives nothing, before and after it was used', () => {
  const queue = new RankedQueue<string>();
  expect([queue.takeFirst(), queue.takeQuietest(), queue.firstSize]).toEqual([undefined, undefined, 0]);
  queue.add('only', 24, 8);
  expect(queue.takeQuietest()).toBe('only');
  expect([queue.takeFirst(), queue.takeQuietest(), queue.bytes]).toEqual([undefined, undefined, 0]);
});

test('the sequence numbers continue after a flood, when the memory was released', () => {
  const queue = new RankedQueue<number>();
  for (let item = 1; item <= 5_000; item += 1) queue.add(item, item % 25, 1);
  for (let item = 1; item <= 5_000; item += 1) expect(queue.takeFirst()).toBe(item);
  queue.add(5_001, 0, 1);
  expect([queue.firstSequence, queue.lastSequence]).toEqual([5_001, 5_001]);
});
