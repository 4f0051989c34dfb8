import { expect, test } from 'vitest';
import { reserve } from './warehouse.js';

test('apples are there', async () => {
  expect(await reserve('apple', 3)).toBe(true);
});

// This test fails, to show its log records.
test.concurrent('two pears are there', async () => {
  expect(await reserve('pear', 2)).toBe(true);
});

test.concurrent('two apples are there', async () => {
  expect(await reserve('apple', 2)).toBe(true);
});
