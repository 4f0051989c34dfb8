// node:test prints the log records of the failed tests only, by one option:
//   node --import burstlog/testing/node-test --test
import assert from 'node:assert';
import { describe, it, test } from 'node:test';
import { reserve } from './warehouse.js';

test('apples are there', async () => {
  assert.ok(await reserve('apple', 3));
});

describe('at the same time', { concurrency: true }, () => {
  it('two pears are there', async () => {
    assert.ok(await reserve('pear', 2));
  });

  it('two apples are there', async () => {
    assert.ok(await reserve('apple', 2));
  });
});
