import fc from 'fast-check';
import { Producers } from '../../src/journal/producers.ts';

const idOf = (number: number) => {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(number);
  return id;
};

function seen(producers: Producers, number: number, owner?: string) {
  producers.committed({ producer: idOf(number), seq: number + 1, prev: 0, owner }, 0);
  producers.forget(0);
}

const knows = (producers: Producers, number: number) => producers.find(idOf(number)) !== undefined;

test('an owner that invents producers evicts its own', () => {
  const producers = new Producers(10, Number.POSITIVE_INFINITY);
  for (const victim of [1, 2, 3]) seen(producers, victim, 'curve victim');
  for (let number = 100; number < 1_000; number++) seen(producers, number, 'curve other');
  expect([1, 2, 3].every((victim) => knows(producers, victim))).toBe(true);
  expect(producers.count).toBe(10);
  expect(producers.forgotten).toBe(893);
  expect(knows(producers, 999)).toBe(true);
});

test('after a start the owners are unknown until their producers are seen again', async () => {
  const before = new Producers(10, Number.POSITIVE_INFINITY);
  for (let number = 0; number < 10; number++) seen(before, number, 'a');
  const table = await before.table();
  const { crc32 } = await import('node:zlib');
  const producers = new Producers(10, Number.POSITIVE_INFINITY);
  expect(producers.load(table, crc32(table))).toBe(true);
  seen(producers, 3, 'curve a');
  for (let number = 100; number < 200; number++) seen(producers, number, 'curve b');
  expect(knows(producers, 3)).toBe(true);
  expect(producers.find(idOf(3))?.owner).toBe('curve a');
});

test('with one owner, the producer that has been idle longest is dropped', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 30 }), { maxLength: 200 }), (numbers) => {
      const producers = new Producers(7, Number.POSITIVE_INFINITY);
      const order: number[] = [];
      for (const number of numbers) {
        if (order.includes(number)) order.splice(order.indexOf(number), 1);
        order.push(number);
        order.splice(0, order.length - 7);
        seen(producers, number, 'same');
      }
      expect(order.filter((number) => !knows(producers, number))).toEqual([]);
      expect(producers.count).toBe(order.length);
    }),
  );
});

test('a producer with a batch in flight is not dropped', () => {
  const producers = new Producers(2, Number.POSITIVE_INFINITY);
  const kept = producers.seen({ producer: idOf(1), owner: 'a' }, 0);
  kept.inFlight = 1;
  for (let number = 2; number < 10; number++) seen(producers, number, 'a');
  expect(knows(producers, 1)).toBe(true);
  expect(producers.count).toBe(2);
});
