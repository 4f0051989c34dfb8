// jest prints the log records of the failed tests only, by one line of its configuration:
//   setupFilesAfterEnv: ['burstlog/testing/jest']
import { reserve } from './warehouse.js';

test('apples are there', async () => {
  expect(await reserve('apple', 3)).toBe(true);
});

test.concurrent('two pears are there', async () => {
  expect(await reserve('pear', 2)).toBe(true);
});

test.concurrent('two apples are there', async () => {
  expect(await reserve('apple', 2)).toBe(true);
});
