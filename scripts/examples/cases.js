// What each example does when it is used, and what must arrive.
import { deepStrictEqual, ok } from 'node:assert/strict';
import { expectStory, show } from './story.js';

/**
 * @typedef {object} Kit
 * @property {string} cwd the folder of the example's copy
 * @property {import('../../test/support/otlp-decode.js').DecodedRecord[]} records what has arrived
 * @property {(args: readonly string[], environment?: NodeJS.ProcessEnv, command?: string) =>
 *   import('./program.js').Program} start
 *
 * @typedef {object} Example
 * @property {string} folder of examples/
 * @property {() => string | undefined} [skip] why it cannot run here
 * @property {(kit: Kit) => Promise<void>} run
 */

const REGISTER = ['--import', 'burstlog/register'];
const SHOP = {
  quiet: ['price requested', 'prices loaded'],
  loud: 'price found',
  trigger: /request failed|no price for gold/,
  exception: 'RangeError',
};

/** Calls the handler of function.js twice at the same time, and stays: a frozen process does nothing any more. */
const INVOCATIONS = `
import { handler } from './function.js';
await Promise.allSettled([
  handler({ picture: 'cat.png', width: 200 }, { awsRequestId: 'b1f2' }),
  handler({ picture: 'dog.png', width: -1 }, { awsRequestId: '77ac' }),
]);
console.log('returned');
setInterval(() => {}, 60_000);
`;

/** @type {Record<string, Example>} */
export const cases = {
  http: { folder: 'node', run: (kit) => shop(kit, 'http.js') },
  cluster: {
    folder: 'node',
    run: (kit) => shop(kit, 'cluster.js', { ...SHOP, quiet: ['price requested'] }),
  },
  workers: {
    folder: 'node',
    async run(kit) {
      await kit.start([...REGISTER, 'workers.js']).ends();
      const quiet = ['worker started', 'picture loaded'];
      const trigger = /failed: RangeError: width must be above 0/;
      expectStory(kit.records, { quiet, loud: 'thumbnail made', trigger, exception: 'RangeError' });
    },
  },
  jobs: {
    folder: 'node',
    async run(kit) {
      await kit.start([...REGISTER, 'jobs.js']).ends();
      const { traceId } = expectStory(kit.records, {
        quiet: ['job started', 'render', 'render succeeded', 'template loaded'],
        loud: 'mail sent',
        trigger: /failed: TypeError: no address: nobody/,
        exception: 'TypeError',
      });
      const adding = kit.records.filter(({ body }) => body === 'add send mail');
      deepStrictEqual(
        adding.map((record) => record.traceId === traceId),
        [false, true],
      );
    },
  },
  function: {
    folder: 'node',
    async run(kit) {
      const frozen = kit.start([...REGISTER, '--input-type=module', '--eval', INVOCATIONS]);
      await frozen.prints(/returned/);
      expectStory(kit.records, {
        quiet: ['picture loaded'],
        loud: 'picture resized',
        trigger: /failed: RangeError: width must be above 0/,
        exception: 'RangeError',
      });
    },
  },
  express: { folder: 'express', run: (kit) => shop(kit, 'app.js') },
  nest: {
    folder: 'nest',
    async run(kit) {
      await kit.start(['node_modules/typescript/bin/tsc']).ends();
      await shop(kit, 'dist/main.js');
      const stopped = kit.records.find(({ body }) => body === 'stopped by SIGTERM');
      ok(stopped, show(kit.records));
    },
  },
  fastify: { folder: 'fastify', run: (kit) => shop(kit, 'app.js') },
};

/**
 * A web service whose price of tea is known and whose price of gold is not.
 * @param {Kit} kit
 * @param {string} file
 * @param {Parameters<typeof expectStory>[1]} [story]
 */
async function shop(kit, file, story = SHOP) {
  const program = kit.start([...REGISTER, file]);
  const [, port] = await program.prints(/listening on port (\d+)/);
  deepStrictEqual(await statusOf(`http://127.0.0.1:${port}/price/tea`), 200);
  deepStrictEqual(await statusOf(`http://127.0.0.1:${port}/price/gold`), 500);
  await program.stop();
  expectStory(kit.records, story);
}

/** @param {string} url */
async function statusOf(url) {
  const response = await fetch(url);
  await response.text();
  return response.status;
}
