import { Interned } from '../../src/store/interned.ts';

/** How many different byte strings are remembered. */
const MAX_KNOWN = 4_096;

function interning(lastId = 0) {
  const stored: [unknown, unknown][] = [];
  const run = (id: unknown, bytes: unknown) => void stored.push([id, bytes]);
  return { interned: new Interned({ run, all: () => [] }, lastId), stored };
}

test('equal bytes are stored once, under the number after the highest one, wherever they are in memory', () => {
  const { interned, stored } = interning(41);
  const [shop, till] = [Buffer.from('shop'), Buffer.from('till')];
  const inside = Buffer.from('>>shop<<').subarray(2, 6);

  expect([shop, till, shop, inside, Buffer.from('till')].map((bytes) => interned.idOf(bytes))).toEqual([
    42, 43, 42, 42, 43,
  ]);
  expect(stored).toEqual([
    [42, shop],
    [43, till],
  ]);
});

test.each([1_024, 1_025])('%i bytes that differ in the last one are different', (length) => {
  const { interned, stored } = interning();
  const bytes = (last: number) => Buffer.alloc(length, 1).fill(last, length - 1);
  expect([bytes(1), bytes(2), bytes(1)].map((each) => interned.idOf(each))).toEqual([1, 2, 1]);
  expect(stored).toHaveLength(2);
});

test('after a rollback all bytes are stored again, and no number is reused', () => {
  const { interned, stored } = interning();
  const bytes = Buffer.from('shop');
  interned.idOf(Buffer.from('till'));
  interned.idOf(bytes);
  interned.forget();

  expect([bytes, Buffer.from('till')].map((each) => interned.idOf(each))).toEqual([3, 4]);
  expect(stored.map(([id]) => id)).toEqual([1, 2, 3, 4]);
});

test('bytes that could not be stored are not remembered, and their number is free', () => {
  let isFull = true;
  const run = () => {
    if (isFull) throw new Error('database or disk is full');
  };
  const interned = new Interned({ run, all: () => [] }, 0);
  const bytes = Buffer.from('shop');
  expect(() => interned.idOf(bytes)).toThrow('full');
  isFull = false;
  expect(interned.idOf(bytes)).toBe(1);
});

test('resources generated from data do not fill the memory: evicted ones are stored again', () => {
  const { interned, stored } = interning();
  const bytes = (number: number) => Buffer.from(`resource ${number}`);
  for (let number = 1; number <= MAX_KNOWN; number += 1) interned.idOf(bytes(number));
  expect(interned.idOf(bytes(1))).toBe(1);

  expect(interned.idOf(bytes(0))).toBe(MAX_KNOWN + 1);
  expect(interned.idOf(bytes(1))).toBe(MAX_KNOWN + 2);
  expect(stored).toHaveLength(MAX_KNOWN + 2);
});
