import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { findCollector } from '../scripts/collector.js';
import { freePort } from './support/free-port.js';

const script = join(__dirname, '../examples/service/start.js');
/** So long on a busy machine; a process that does not end by itself takes longer. */
const mostMillis = 60_000;
jest.setTimeout(3 * mostMillis);

interface Run {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMillis: number;
}

function start(environment: NodeJS.ProcessEnv): Promise<Run> {
  const startedAt = performance.now();
  return new Promise((done) => {
    const options = { env: { ...process.env, ...environment }, timeout: 2 * mostMillis };
    execFile(process.execPath, [script], options, (error, stdout, stderr) => {
      const code = error?.code ?? (error ? 'killed' : 0);
      done({ code, stdout, stderr, tookMillis: performance.now() - startedAt });
    });
  });
}

/**
 * What each line of the tree says, without times, durations and stacks. Which order fails last is not fixed, nor how
 * many lines its stack has.
 */
function treeIn(stdout: string): string[] {
  const [, below = ''] = /^What did .* --last-failed .*\n([\s\S]*?)\n\nWhat has happened/m.exec(stdout) ?? [];
  return below
    .split('\n')
    .filter((line) => !/^ +[│ ]+ {6}at |… \d+ more lines?$/.test(line))
    .map((line) => line.slice(2))
    .map((line) => line.replace(/\d\d:\d\d:\d\d\.\d{3} /, '').replace(/ {2}[\d.]+ (ms|s)(?= |$)/, ''))
    .map((line) => line.replace(/(id|amount|cents|available|quantity)=\d+/g, '$1=N').replace(/R-\d+/, 'R-N'))
    .map((line) => line.replace(/article=\w+/, 'article=A'));
}

const tree = [
  '✘ checkout  · checkout  order.id=N currency=JPY',
  '│ <time and trace>',
  '│ <burst>',
  '│ <burst>',
  '│ failed: checkout › pay › charge card › ask the bank',
  '│ cause: CardRefused: the bank refused the card: over_limit',
  '│ tasks: ✔ 4 ✘ 4',
  '│ ✔ check stock  article=A quantity=N',
  '│ │ DEBUG asks the warehouse',
  '│ │ DEBUG the warehouse has enough  available=N',
  '│ ✔ reserve',
  '│ │ ✔ reserved as R-N',
  '│ ✘ pay  cents=N',
  '│ │ DEBUG asks the payments service',
  '│ │ ✘ charge card  · payments',
  '│ │ │ ✔ find exchange rate  pair=EUR/JPY',
  '│ │ │ │ DEBUG exchange rate found  rate=16312 source=cache',
  '│ │ │ ✘ ask the bank  amount=N currency=JPY',
  '│ │ │ │ DEBUG opens a connection to the bank',
  '│ │ │ │ DEBUG the bank has answered  code=over_limit',
  '│ │ │ │ ✘ CardRefused: the bank refused the card: over_limit',
  '│ │ ✘ PaymentRefused: the bank refused the card: over_limit',
  '│ ✔ release reservation  reservation=R-N',
  '│ │ DEBUG the warehouse may sell it again',
];

function tellsItAll({ code, stdout, stderr, tookMillis }: Run): void {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(tookMillis).toBeLessThan(mostMillis);
  expect(stdout).toContain('192 orders were paid, 8 failed');
  expect(stdout).toMatch(/DEBUG +3,208 emitted, 136 exported, in 16 bursts/);
  expect(stdout).toMatch(/INFO +784 emitted, all exported at once/);
  expect(stdout).toMatch(/ERROR +32 emitted, all exported at once/);
  const found = treeIn(stdout).map((line) => (/^│ \d{4}-/.test(line) ? '│ <time and trace>' : line));
  const isBurst = (line: string) => line.startsWith('│ ⇡ ');
  expect(found.map((line) => (isBurst(line) ? '│ <burst>' : line))).toEqual(tree);
  // In each service one; which process wrote its manifest first is not fixed.
  expect(
    found
      .filter(isBurst)
      .map((line) => line.replace(/ {2}id .*/, ''))
      .sort(),
  ).toEqual([
    expect.stringMatching(/^│ ⇡ burst released 6 records \(severity\), 0 lost {2}· payments$/),
    expect.stringMatching(/^│ ⇡ burst released 8 records \(severity\), 0 lost {2}· checkout$/),
  ]);
}

describe('npm start', () => {
  test('shows the story of a failed order, by distlogd alone, also while port 5080 is in use', async () => {
    // Who has it already, has it in our place.
    const other = createServer()
      .listen(5_080, '127.0.0.1')
      .on('error', () => {});
    const nothing = mkdtempSync(join(tmpdir(), 'burstlog-start-'));
    try {
      // A machine without a Collector: none given, none on the path, none built.
      const environment = { OTELCOL_BIN: '', PATH: dirname(process.execPath), XDG_CACHE_HOME: nothing };
      const run = await start(environment);
      expect(run.stdout).toMatch(/a Collector: none \(/);
      expect(run.stdout).not.toContain('received');
      tellsItAll(run);
    } finally {
      other.close();
      rmSync(nothing, { recursive: true });
    }
  });

  const withCollector = findCollector().path === undefined ? test.skip : test;
  withCollector('shows the same story with a real Collector behind it', async () => {
    const run = await start({});
    expect(run.stdout).toContain('OpenTelemetry Collector');
    const [, received, all] = /received (\d+) of the (\d+) records/.exec(run.stdout) ?? [];
    expect(Number(received)).toBeGreaterThan(900);
    expect(received).toBe(all);
    // Seven for each order, and one more for each of the eight that fail.
    expect(run.stdout).toMatch(/and 1,408 spans, sent by the services directly/);
    tellsItAll(run);
  });
});

test('the customers of the compose file go on when the service is down', async () => {
  const orders: unknown[] = [];
  const shop = createHttpServer(async (request, response) => {
    orders.push(await json(request));
    response.end(JSON.stringify({ paid: false, reason: 'no stock' }));
  });
  const port = await freePort();
  const environment = { CHECKOUT_URL: `http://127.0.0.1:${port}`, ORDERS_PER_SECOND: '100' };
  const customers = spawn(process.execPath, [join(__dirname, '../examples/service/load.js')], {
    env: { ...process.env, ...environment },
  });
  try {
    const [down] = (await once(customers.stderr.setEncoding('utf8'), 'data')) as [string];
    expect(down).toBe('the service does not answer any more (ECONNREFUSED); orders go on\n');
    shop.listen(port, '127.0.0.1');
    let output = '';
    customers.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    while (!/order \d+: failed, no stock/.test(output)) await once(customers.stdout, 'data');
    expect(output).toContain('answers again');
    expect(orders[0]).toMatchObject({ article: expect.any(String), quantity: expect.any(Number) });
  } finally {
    const ended = once(customers, 'exit');
    customers.kill();
    expect(await ended).toEqual([0, null]);
    shop.closeAllConnections();
    shop.close();
  }
});
