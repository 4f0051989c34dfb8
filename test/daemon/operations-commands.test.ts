import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { distlogd } from '../../src/cli/distlogd/distlogd.ts';
import { runProgram } from '../../src/cli/run-program.ts';
import { fakeIo } from '../cli/support/fake-io.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { freePort } from '../support/free-port.js';
import { partialSuccess } from '../support/otlp-answer.js';
import { type DaemonProcess, daemonsForEachTest } from './support/daemon-process.ts';
import { sendBodies } from './support/json-request.ts';

const folder = folderForEachTest();
const start = daemonsForEachTest(folder);

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** An OTLP/HTTP server with answers that a test chooses. */
async function receivingEnd() {
  const end = { status: 400, body: Buffer.alloc(0), requests: 0, url: '' };
  let heard = () => {};
  const server = createHttpServer((request, response) => {
    request.resume().on('end', () => {
      end.requests += 1;
      response.writeHead(end.status, { 'content-type': 'application/x-protobuf' }).end(end.body);
      heard();
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  end.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = async (times: number) => {
    while (end.requests < times) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
  };
  return Object.assign(end, { asked });
}

async function said(process: DaemonProcess): Promise<readonly [number | null, string]> {
  const [code] = await process.exit;
  return [code, process.said];
}

async function daemonWith(sinks: string, more = '') {
  const port = await freePort();
  const file = join(folder(), 'distlogd.yaml');
  writeFileSync(
    file,
    `data: ./data
receivers: { otlpHttp: { endpoint: "127.0.0.1:0" } }
sinks: ${sinks}
http: { endpoint: "127.0.0.1:${port}" ${more} }
ownRecords: { severity: FATAL, console: true }
`,
  );
  const daemon = start(['-c', file]);
  const { otlpHttp } = await daemon.ready();
  /** Runs a command in this process. @returns its exit code, and what it printed */
  const ask = async (...words: readonly string[]) => {
    const { io, out, err } = fakeIo(folder());
    const program = distlogd(() => Promise.reject(new Error('a daemon was started')));
    const code = await runProgram(program, [...words, '-c', file], io);
    return [code, [...out, ...err].map((line) => `${line}\n`).join('')] as const;
  };
  const askProgram = (command: string, ...words: readonly string[]) =>
    said(start([...words, '-c', file], { command }));
  const send = (...bodies: readonly string[]) => sendBodies(otlpHttp!, ...bodies);
  const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return { daemon, ask, askProgram, send, metrics };
}

test('what a receiving end refuses is listed by its cause, and replayed when it takes it', async () => {
  const end = await receivingEnd();
  const sinks = `{ collector: { type: otlp, protocol: http, endpoint: "${end.url}", retry: { initial: 10ms } } }`;
  const { daemon, ask, send } = await daemonWith(sinks);
  expect(await ask('dlq', 'list')).toEqual([0, 'no dead letters\n']);
  expect(await send('a', 'b')).toBe(200);
  await daemon.says('http_400');
  // Logged before the batch is on the disk as a dead letter; only then the sink continues after it.
  let status = '';
  while (!/^collector +otlp +running +0 +0 +0 B /m.test(status)) [, status] = await ask('status');
  const [code, list] = await ask('dlq', 'list');
  expect(code).toBe(0);
  expect(list).toMatch(
    /^collector: 1 batch, 2 records, \d+ B, since \d{4}-\d\d-\d\dT[\d:.]+Z: 1 http_400\n$/,
  );

  expect(status).toMatch(/^distlogd \S+, ready, process \d+, up \S+ m?s$/m);
  expect(status).toMatch(/^otlpHttp +http:\/\/127\.0\.0\.1:\d+ +2 +1 +\d+ B +0 +0 +0$/m);
  expect(status).toMatch(/^collector +otlp +running +0 +0 +0 B +0 s +0 +2 +0$/m);

  // It still refuses them: they stay.
  expect((await ask('dlq', 'replay', 'collector'))[1]).toBe('collector: 1 dead letter replayed, 1 left\n');
  expect((await ask('dlq', 'list'))[1]).toContain('collector: 1 batch, 2 records');

  end.status = 200;
  expect(await ask('dlq', 'replay', 'collector')).toEqual([0, 'collector: 1 dead letter replayed, 0 left\n']);
  expect(await ask('dlq', 'list')).toEqual([0, 'no dead letters\n']);
});

test('records that a receiving end rejects in a partial success are in /metrics and in the status', async () => {
  const end = await receivingEnd();
  Object.assign(end, { status: 200, body: partialSuccess(2, 'quota exceeded') });
  const sinks = `{ collector: { type: otlp, protocol: http, endpoint: "${end.url}" } }`;
  const { daemon, ask, send, metrics } = await daemonWith(sinks);
  expect(await send('a', 'b', 'c')).toBe(200);
  await daemon.says('quota exceeded');

  expect(await metrics()).toMatch(
    /^distlogd_sink_dropped_records_total\{sink="collector",type="otlp",cause="partial_success"\} 2$/m,
  );
  const [code, status] = await ask('status');
  expect(code).toBe(0);
  expect(status).toMatch(/^sink collector +records dropped +partial_success +2$/m);
});

test('a sink that is failing is reported by status, and its dead letters are not touched', async () => {
  const end = await receivingEnd();
  end.status = 503;
  const sinks = `{ collector: { type: otlp, protocol: http, endpoint: "${end.url}" } }`;
  const { daemon, ask, send } = await daemonWith(sinks);
  expect(await send('a')).toBe(200);
  await end.asked(1);
  await daemon.says('collector');
  expect((await ask('status'))[1]).toMatch(/^sink collector retries since its error at .*503$/m);
  const [code, text] = await ask('dlq', 'replay', 'collector');
  expect(code).toBe(1);
  expect(text).toContain('its dead letters were not replayed');
});

test('files of others among the dead letters do not keep the rest from being listed', async () => {
  const { ask } = await daemonWith('{ out: { type: file, path: out.jsonl } }');
  const letters = join(folder(), 'data/dead-letters');
  mkdirSync(join(letters, '%zz'), { recursive: true });
  writeFileSync(join(letters, 'README'), 'mine');
  expect(await ask('dlq', 'list')).toEqual([0, 'no dead letters\n']);
});

test('an unknown sink and a missing daemon are errors of the command line', async () => {
  const { daemon, ask } = await daemonWith('{ out: { type: file, path: out.jsonl } }');
  const [usage, text] = await ask('dlq', 'replay', 'uot');
  expect(usage).toBe(64);
  expect(text).toContain('did you mean out?');
  daemon.kill('SIGTERM');
  await daemon.exit;
  const [code, away] = await ask('status');
  expect(code).toBe(69);
  expect(away).toContain('is the daemon running?');
});

test('status --json is the whole report', async () => {
  const { askProgram } = await daemonWith('{ out: { type: file, path: out.jsonl } }');
  const [code, text] = await askProgram('status', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(text)).toMatchObject({ state: 'ready', sinks: [{ name: 'out' }] });
});

test('commands send the token, if there is one', async () => {
  const { ask } = await daemonWith(
    '{ out: { type: file, path: out.jsonl } }',
    ', token: 0123456789abcdef0123',
  );
  expect((await ask('status'))[0]).toBe(0);
});
