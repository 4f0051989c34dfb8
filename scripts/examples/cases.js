// How each example is used, and which records must arrive.
import { deepStrictEqual, doesNotMatch, match, ok, rejects } from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JsonLines, logGroups } from '../../build/otlp/index.js';
import { freePort } from '../../test/support/free-port.js';
import { expectNestRecords, NEST_CALLS } from './nest-calls.js';
import { expectStory, show } from './story.js';

/**
 * @typedef {object} Kit
 * @property {string} cwd the folder of the example's copy
 * @property {import('../../test/support/otlp-decode.js').DecodedRecord[]} records the received records
 * @property {Buffer[]} requests the bodies of the received OTLP requests
 * @property {(args: readonly string[], environment?: NodeJS.ProcessEnv, command?: string) =>
 *   import('./program.js').Program} start
 *
 * @typedef {object} Example
 * @property {string} folder of examples/
 * @property {boolean} [isSlow] runs only by name or with --all
 * @property {() => string | undefined} [skip] the reason why it cannot run here
 * @property {(kit: Kit) => Promise<void>} run
 */

const examples = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'examples');
const REGISTER = ['--import', 'burstlog/register'];
const SHOP = {
  quiet: ['price requested', 'prices loaded'],
  loud: 'price found',
  trigger: /request failed|no price for gold/,
  exception: 'RangeError',
};

const PYTHON = process.env.PYTHON || 'python3';

/** Calls the handler of function.js twice at the same time and keeps running, like a frozen process. */
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
  'pino-http': {
    folder: 'pino-http',
    async run(kit) {
      const server = kit.start([...REGISTER, 'server.js']);
      const [, port] = await server.prints(/listening on port (\d+)/);
      const statuses = [];
      for (const path of ['/', '/declined', '/']) {
        statuses.push(await statusOf(`http://127.0.0.1:${port}${path}`));
      }
      deepStrictEqual(statuses, [200, 500, 200]);
      await server.stop();
      const failed = kit.records.filter(({ body }) => body === 'request errored');
      const quiet = kit.records.filter(({ severityNumber }) => severityNumber === 5);
      deepStrictEqual(
        quiet.map(({ body, traceId }) => [body, traceId]),
        ['cart loaded', 'bank asked'].map((body) => [body, failed[0]?.traceId]),
      );
    },
  },
  vitest: {
    folder: 'testing/vitest',
    async run(kit) {
      const vitest = kit.start(['node_modules/vitest/vitest.mjs', 'run'], { NO_COLOR: '1', CI: 'true' });
      await rejects(vitest.ends(), /ended with 1/);
      match(vitest.output(), /1 failed \| 2 passed/);
      match(vitest.output(), /Log records of this test \(4\):[\s\S]* DEBUG look at the shelf of pear/);
      doesNotMatch(vitest.output(), /shelf of apple/);
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
      kit.records.length = 0;
      await kit.start([...REGISTER, '--input-type=module', '--eval', NEST_CALLS]).ends();
      expectNestRecords(kit.records);
    },
  },
  fastify: { folder: 'fastify', run: (kit) => shop(kit, 'app.js') },
  python: {
    folder: 'node',
    skip() {
      const imports = 'import opentelemetry.sdk, opentelemetry.exporter.otlp.proto.http';
      const { status } = spawnSync(PYTHON, ['-c', imports]);
      const missing = `${PYTHON} has no opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http`;
      return status === 0 ? undefined : missing;
    },
    async run(kit) {
      const prices = kit.start([...REGISTER, 'http.js']);
      const [, pricesPort] = await prices.prints(/listening on port (\d+)/);
      const environment = { PRICES_URL: `http://127.0.0.1:${pricesPort}` };
      const orders = kit.start([join(examples, 'python/orders.py')], environment, PYTHON);
      const [, port] = await orders.prints(/listening on port (\d+)/);
      deepStrictEqual(await statusOf(`http://127.0.0.1:${port}/order/tea`), 200);
      deepStrictEqual(await statusOf(`http://127.0.0.1:${port}/order/gold`), 500);
      await orders.stop();
      await prices.stop();
      const { traceId } = expectStory(kit.records, SHOP);
      const ofPython = kit.records.filter(({ scope }) => scope.name === 'orders');
      deepStrictEqual(
        ofPython.map((record) => [record.body, record.traceId === traceId]),
        [
          ['order accepted: tea', false],
          ['order failed: gold', true],
        ],
      );
      const tree = distlogTree(kit, traceId);
      for (const part of ['· shop-node, orders', 'DEBUG price requested', 'ERROR order failed: gold']) {
        ok(tree.includes(part), `no ${part} in\n${tree}`);
      }
    },
  },
  next: {
    folder: 'next',
    isSlow: true,
    async run(kit) {
      const environment = {
        NEXT_TELEMETRY_DISABLED: '1',
        NEXT_MANUAL_SIG_HANDLE: 'true',
        HOSTNAME: '127.0.0.1',
      };
      await kit.start(['node_modules/next/dist/bin/next', 'build'], environment).ends();
      // Like a container: without the node_modules of the parent folders.
      const standalone = `${kit.cwd}-standalone`;
      rmSync(standalone, { recursive: true, force: true });
      renameSync(join(kit.cwd, '.next/standalone'), standalone);
      // It takes port 0 for its default port.
      const port = await freePort();
      const server = kit.start([join(standalone, 'server.js')], { ...environment, PORT: String(port) });
      await server.prints(/Ready/);
      await ask(port, server);
      expectStory(kit.records, SHOP);
    },
  },
};

/**
 * A web service that knows the price of tea but not of gold.
 * @param {Kit} kit
 * @param {string} file
 * @param {import('./story.js').Story} [story]
 */
async function shop(kit, file, story = SHOP) {
  const program = kit.start([...REGISTER, file]);
  const [, port] = await program.prints(/listening on port (\d+)/);
  await ask(Number(port), program);
  expectStory(kit.records, story);
}

/**
 * Sends a request that succeeds and one that fails, and then stops the program.
 * @param {number} port
 * @param {import('./program.js').Program} program
 */
async function ask(port, program) {
  deepStrictEqual(await statusOf(`http://127.0.0.1:${port}/price/tea`), 200);
  deepStrictEqual(await statusOf(`http://127.0.0.1:${port}/price/gold`), 500);
  await program.stop();
}

/**
 * Returns the output of `distlog tree` of the installed package for a trace.
 * @param {Kit} kit
 * @param {string} traceId
 */
function distlogTree({ cwd, requests }, traceId) {
  const json = new JsonLines();
  const input = requests.flatMap((body) => [...json.lines(logGroups(body))]).join('');
  const distlog = ['node_modules/burstlog/dist/esm/cli/distlog.js', 'tree', traceId, '-'];
  return execFileSync(process.execPath, distlog, { cwd, input, encoding: 'utf8' });
}

/** @param {string} url */
async function statusOf(url) {
  const response = await fetch(url);
  await response.text();
  return response.status;
}
