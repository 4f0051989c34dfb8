// 50,000 tasks open at once, 250 chains of 200 levels, end again. Run it with --expose-gc. Prints the heap before
// and after in bytes, and how many were open. With the argument `sdk` they are spans of the SDK.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { startTask, to } from '../../../dist/esm/index.js';

if (process.argv[2] === 'sdk') {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider());
}

const CHAINS = 250;
const LEVELS = 200;
const collect = /** @type {() => void} */ (globalThis.gc);

/** @returns {Promise<number>} the heap once nothing of the turn is left */
async function heap() {
  for (let times = 0; times < 4; times += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

/** @param {number} chains */
async function run(chains) {
  let open = 0;
  let most = 0;
  /** @type {() => void} */
  let end = () => {};
  const gate = new Promise((resolve) => {
    end = () => resolve(undefined);
  });
  /** @param {number} level @returns {Promise<void>} */
  const down = (level) =>
    to(`level ${level}`, { level }, async (job) => {
      open += 1;
      most = Math.max(most, open);
      job.bind({ bound: level });
      await (level === LEVELS ? gate : down(level + 1));
      open -= 1;
    });
  const all = Array.from({ length: chains }, () => down(1));
  const started = Array.from({ length: chains }, () => startTask('started'));
  end();
  await Promise.all(all);
  for (const job of started) job[Symbol.dispose]();
  return most;
}

await run(20);
const before = await heap();
const most = await run(CHAINS);
const after = await heap();
console.log(JSON.stringify({ before, after, most }));
