// Two concurrent tests, one of which fails.
const { to } = require('burstlog');

const wait = (text) => to(text, () => new Promise((resolve) => setTimeout(resolve, 5)));

test.concurrent('fails', async () => {
  await wait('look for pears');
  throw new Error('no pears');
});

test.concurrent('passes', () => wait('look for apples'));
