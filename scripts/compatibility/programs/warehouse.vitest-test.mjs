// Two concurrent tests, one of which fails.
import { to } from 'burstlog';
import { test } from 'vitest';

const wait = (text) => to(text, () => new Promise((resolve) => setTimeout(resolve, 5)));

test.concurrent('fails', async () => {
  await wait('look for pears');
  throw new Error('no pears');
});

test.concurrent('passes', () => wait('look for apples'));
