// Feeds truncated, changed and random bytes to the readers of src/otlp and src/distlog-json. They may throw
// nothing but a WireError, and the memory must not grow. Exits with 1 at the first failing input, and prints
// it.
//
//   node scripts/build.js && node --expose-gc scripts/fuzz-wire.js 1000000 [seed]
import { fuzzWire } from '../test/support/wire-fuzz.js';

/** Imported by a name that the type check does not resolve, because it runs before the build. */
const room = (/** @type {string} */ name) =>
  import(new URL(`../build/${name}/index.js`, import.meta.url).href);
const wire = { ...(await room('otlp')), ...(await room('distlog-json')) };

const PORTION = 50_000;
const MOST_GROWTH_BYTES = 64 * 2 ** 20;

const count = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
  throw new RangeError(`count and seed must be whole numbers from 1, got ${process.argv.slice(2).join(' ')}`);
}
console.log(`${count} inputs, seed ${seed}`);
let accepted = 0;
let slowestMillis = 0;
let firstHeap = 0;
for (let done = 0; done < count; done += PORTION) {
  const result = fuzzWire(wire, Math.min(PORTION, count - done), seed + done);
  accepted += result.accepted;
  slowestMillis = Math.max(slowestMillis, result.slowestMillis);
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  if (done === 0) firstHeap = heapUsed + external;
  const grown = heapUsed + external - firstHeap;
  if (globalThis.gc !== undefined && grown > MOST_GROWTH_BYTES) {
    throw new Error(`the memory grew by ${grown} bytes during ${done + PORTION} inputs`);
  }
}
console.log(`${accepted} accepted, the others refused; the slowest took ${slowestMillis.toFixed(1)} ms`);
