import { diag } from '@opentelemetry/api';
import { RateLimitedWarnings } from '../../src/record/index.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';

let messages: string[];

beforeEach(() => {
  messages = [];
  listen((message) => void messages.push(message));
});
afterEach(() => diag.disable());

test('of each kind one message in ten seconds is logged; the next one says how many were suppressed', () => {
  const clock = new ManualClock();
  const warnings = new RateLimitedWarnings('Burst', clock);
  for (const message of ['first', 'second', 'third']) warnings.warn('full', message);
  clock.advance(9_999);
  warnings.warn('full', 'fourth');
  expect(messages).toEqual(['Burst: first']);
  clock.advance(1);
  warnings.warn('full', 'fifth');
  clock.advance(10_000);
  warnings.warn('full', 'sixth');
  expect(messages).toEqual([
    'Burst: first',
    'Burst: fifth (3 more like this since the last message)',
    'Burst: sixth',
  ]);
});

test('kinds do not suppress each other, and neither do two components', () => {
  const clock = new ManualClock();
  const warnings = new RateLimitedWarnings('Burst', clock);
  warnings.warn('full', 'no room');
  warnings.warn('export', 'refused');
  new RateLimitedWarnings('Other', clock).warn('full', 'no room');
  expect(messages).toEqual(['Burst: no room', 'Burst: refused', 'Other: no room']);
});

test('a diag logger that throws does not reach the application', () => {
  listen(() => {
    throw new Error('the logger is broken');
  });
  expect(() => new RateLimitedWarnings('Burst', new ManualClock()).warn('full', 'no room')).not.toThrow();
});
