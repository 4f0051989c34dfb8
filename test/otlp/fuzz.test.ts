import * as distlogJson from '../../src/distlog-json/index.ts';
import * as otlp from '../../src/otlp/index.ts';
import { fuzzWire } from '../support/wire-fuzz.js';

/** The long form: `node scripts/fuzz-wire.js 1000000`. */
const INPUTS = 20_000;

test('any bytes are read or refused, in time, by all readers', () => {
  const { accepted } = fuzzWire({ ...otlp, ...distlogJson }, INPUTS, 20_261_121);
  // Some of them are still readable: the changes reach beyond the first check.
  expect(accepted).toBeGreaterThan(INPUTS / 20);
  expect(accepted).toBeLessThan((INPUTS * 19) / 20);
});
