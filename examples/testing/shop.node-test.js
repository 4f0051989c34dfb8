// Tests of logs with Node's own runner: node --test examples/testing/shop.node-test.js
import assert from 'node:assert';
import { afterEach, beforeEach, test } from 'node:test';
import { captureLogs } from 'burstlog/testing';
import { checkout } from './shop.js';

let logs;
beforeEach(() => {
  logs = captureLogs();
});
afterEach(() => logs.end());

test('a checkout checks the stock before it charges the card', async () => {
  await checkout({ cents: 4_200 });

  logs.allEnded();
  const order = logs.task('checkout').succeeded('order paid').withData({ cents: 4_200 });
  order
    .withSteps('check stock', 'charge card')
    .withStep('charge card')
    .succeeded(/charged 4200/);
});

test('a refused card fails the checkout', async () => {
  await assert.rejects(checkout({ cents: 100_001 }), RangeError);

  logs.task(['checkout', 'charge card']).failed('RangeError: over the limit');
});
