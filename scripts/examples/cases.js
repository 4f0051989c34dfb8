// What each example does when it is used, and what must arrive.
import { deepStrictEqual } from 'node:assert/strict';
import { expectStory } from './story.js';

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

const SHOP = {
  quiet: ['price requested', 'prices loaded'],
  loud: 'price found',
  trigger: /request failed|no price for gold/,
  exception: 'RangeError',
};

/** @type {Record<string, Example>} */
export const cases = {
  http: { folder: 'node', run: (kit) => shop(kit, 'http.js') },
  express: { folder: 'express', run: (kit) => shop(kit, 'app.js') },
  fastify: { folder: 'fastify', run: (kit) => shop(kit, 'app.js') },
};

/**
 * A web service whose price of tea is known and whose price of gold is not.
 * @param {Kit} kit
 * @param {string} file
 */
async function shop(kit, file) {
  const program = kit.start(['--import', 'burstlog/register', file]);
  const [, port] = await program.prints(/listening on port (\d+)/);
  deepStrictEqual(await statusOf(`http://127.0.0.1:${port}/price/tea`), 200);
  deepStrictEqual(await statusOf(`http://127.0.0.1:${port}/price/gold`), 500);
  await program.stop();
  expectStory(kit.records, SHOP);
}

/** @param {string} url */
async function statusOf(url) {
  const response = await fetch(url);
  await response.text();
  return response.status;
}
