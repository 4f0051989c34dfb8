// Kinds of tests that jest knows, with what each logs. Run by failed-tests.test.ts.
import { createServer } from 'node:http';
import { logs } from '@opentelemetry/api-logs';

/** @param {string} body */
const log = (body) => logs.getLogger('kinds').emit({ severityNumber: 5, body });
let attempts = 0;
/** @type {import('node:http').Server} */
let server;

beforeAll(async () => {
  log('before all');
  server = createServer((request, response) => {
    log(`server got ${request.url}`);
    response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
beforeEach(() => log(`before each of ${expect.getState().currentTestName}`));
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** @param {string} path */
async function get(path) {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

test('asks the server, passes', async () => {
  await get('/passes');
});

test('asks the server, fails', async () => {
  await get('/fails');
  throw new Error('of the server');
});

test('has a callback, fails', (done) => {
  log('with a callback');
  setImmediate(() => done(new Error('of the callback')));
});

test.failing('is expected to fail', () => {
  log('an expected failure');
  throw new Error('expected');
});

test.each([1, 2])('table row %i', (row) => {
  log(`row ${row}`);
  expect(row).toBe(1);
});

test.skip('is skipped', () => {});

test('logs nothing of its own, fails', () => {
  throw undefined;
});

describe('with another attempt', () => {
  jest.retryTimes(1, { retryImmediately: true });

  test('fails twice', () => {
    attempts += 1;
    log(`attempt ${attempts}`);
    throw new Error('again');
  });
});
