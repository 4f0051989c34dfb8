import fc from 'fast-check';
import { Backoff } from '../../src/record/index.ts';

const options = { initialMillis: 100, maxMillis: 1_000, multiplier: 2, jitter: 0, random: () => 0.5 };

test('each wait is longer than the previous one, up to the maximum; after a reset it is the first one', () => {
  const backoff = new Backoff(options);
  expect(Array.from({ length: 6 }, () => backoff.nextMillis())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  backoff.reset();
  expect(backoff.nextMillis()).toBe(100);
});

test('a wait that the server requests is not shortened, and its jitter only lengthens it', () => {
  const backoff = new Backoff({ ...options, jitter: 0.2, random: () => 1 });
  expect(backoff.nextMillis(5_000)).toBe(6_000);
  expect(backoff.nextMillis(0)).toBe(240);
});

test('jitter changes a wait in both directions, within its share, and never below the requested wait', () => {
  const fraction = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fraction, fraction, fc.nat({ max: 10_000 }), (jitter, luck, asked) => {
      const millis = new Backoff({ ...options, jitter, random: () => luck }).nextMillis(asked);
      expect(millis).toBeGreaterThanOrEqual(Math.max(asked, Math.floor(100 * (1 - jitter))));
      expect(millis).toBeLessThanOrEqual(Math.ceil(Math.max(asked, 100) * (1 + jitter)));
    }),
  );
});
