// Two concurrent tests, one of which fails.
import { rejects } from 'node:assert';
import { describe, it } from 'node:test';
import { to } from 'burstlog';

const wait = (text) => to(text, () => new Promise((resolve) => setTimeout(resolve, 5)));

describe('at the same time', { concurrency: true }, () => {
  it('fails', async () => {
    await wait('look for pears');
    throw new Error('no pears');
  });

  it('passes', async () => {
    await wait('look for apples');
    await rejects(Promise.reject(new Error('expected')));
  });
});
