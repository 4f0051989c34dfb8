import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { distlogd } from '../../../src/cli/distlogd/distlogd.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { sinkReport, statusReport } from '../../operations/support/report.ts';
import { freePort } from '../../support/free-port.js';
import { fakeIo } from '../support/fake-io.ts';

let room: string;
let server: Server | undefined;

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'burstlog-status-'));
});

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  rmSync(room, { recursive: true, force: true });
});

const report = statusReport({
  version: '1',
  pid: 7,
  upMillis: 61_000,
  sinks: [sinkReport({ name: 'a', type: 'console', trouble: 'EPIPE\u009b2J\u202e' })],
});

const answer: RequestListener = (request, response) => {
  const isRight =
    request.url === '/status' && request.headers.authorization === 'Bearer a-token-that-is-long';
  response.writeHead(isRight ? 200 : 401).end(JSON.stringify(report));
};

async function listening(made: Server): Promise<number> {
  server = made;
  made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  return (made.address() as AddressInfo).port;
}

/** `distlogd status` with this http part. */
async function status(http: string, ...args: readonly string[]) {
  writeFileSync(
    join(room, 'd.yaml'),
    `receivers: { zmqAck: }\nsinks: { a: { type: console } }\nhttp: ${/^(false|\{)/.test(http) ? http : `{ ${http} }`}\n`,
  );
  const { io, out, err } = fakeIo(room);
  const program = distlogd(() => Promise.reject(new Error('no daemon here')));
  const code = await runProgram(program, ['status', '-c', 'd.yaml', ...args], io);
  return { code, said: [...out, ...err].join('\n').replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT') };
}

test('status asks the daemon with its token', async () => {
  const port = await listening(createServer(answer));
  const { code, said } = await status(`endpoint: 127.0.0.1:${port}, token: a-token-that-is-long`);
  expect(said).toContain('distlogd 1, process 7, up 1 min 1 s');
  expect(code).toBe(0);
});

test('the answer as JSON holds nothing that would change the terminal', async () => {
  const port = await listening(createServer(answer));
  const { code, said } = await status(`endpoint: 127.0.0.1:${port}, token: a-token-that-is-long`, '--json');
  expect(code).toBe(0);
  expect(said).toMatch(/^[\n -~]*$/);
  expect(JSON.parse(said)).toEqual(report);
});

test.each(['false', '{ endpoint: "127.0.0.1:0" }'])(
  'with http: %s the daemon is asked at its socket',
  async (http) => {
    mkdirSync(join(room, '.distlogd'));
    server = createServer((request, response) => {
      response.writeHead(request.headers.host === 'localhost' ? 200 : 403).end(JSON.stringify(report));
    });
    server.listen(join(room, '.distlogd/distlogd.sock'));
    await once(server, 'listening');
    const { code, said } = await status(http);
    expect(said).toContain('distlogd 1, process 7, up 1 min 1 s');
    expect(code).toBe(0);
  },
);

test('a daemon that listens everywhere is asked on this machine', async () => {
  const port = await listening(createServer(answer));
  const { code } = await status(`endpoint: 0.0.0.0:${port}, token: a-token-that-is-long, insecure: true`);
  expect(code).toBe(0);
});

test.each([
  ['a wrong token', answer, 'the daemon at 127.0.0.1:PORT rejected the token'],
  [
    'an error',
    (_request, response) => response.writeHead(500).end(),
    'the daemon at 127.0.0.1:PORT answered 500',
  ],
  [
    'a page',
    (_request, response) => response.end('<html>'),
    'the program at 127.0.0.1:PORT is not this version',
  ],
  ['a cut', (request) => request.socket.destroy(), 'no answer from 127.0.0.1:PORT'],
] satisfies [string, RequestListener, string][])(
  '%s is reported, with exit code 69',
  async (_name, listener, expected) => {
    const port = await listening(createServer(listener));
    const { code, said } = await status(`endpoint: 127.0.0.1:${port}`);
    expect(said).toContain(expected);
    expect(code).toBe(69);
  },
);

test('a missing daemon is reported, with a hint', async () => {
  expect(await status(`endpoint: 127.0.0.1:${await freePort()}`)).toEqual({
    code: 69,
    said: 'distlogd status: no answer from 127.0.0.1:PORT; is the daemon running?',
  });
});

test('over TLS only the certificate of the configuration is sent the token', async () => {
  for (const name of ['own', 'other']) {
    const files = ['-keyout', join(room, `${name}.key`), '-out', join(room, `${name}.crt`)];
    const kind = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-x509',
      '-days',
      '2',
    ];
    execFileSync('openssl', ['req', ...kind, '-subj', '/CN=logs', ...files], { stdio: 'ignore' });
  }
  const read = (name: string) => readFileSync(join(room, name));
  let asked = 0;
  const listener: RequestListener = (request, response) => {
    asked += 1;
    answer(request, response);
  };
  const port = await listening(createTlsServer({ key: read('own.key'), cert: read('own.crt') }, listener));
  const part = (name: string) =>
    `endpoint: 127.0.0.1:${port}, token: a-token-that-is-long, tls: { certFile: ${name}.crt, keyFile: ${name}.key }`;
  expect(await status(part('own'))).toMatchObject({ code: 0 });
  const wrong = await status(part('other'));
  expect(wrong.said).toContain('the certificate of the server differs from http.tls.certFile');
  expect(asked).toBe(1);
});
