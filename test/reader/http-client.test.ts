import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerLines, type HttpTarget } from '../../src/reader/http-client.ts';
import { type DaemonServer, startDaemonServer } from './daemon-server.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
const { signal } = new AbortController();

type Answer = (response: ServerResponse, request: IncomingMessage) => void;
async function serve(answer: Answer): Promise<DaemonServer> {
  const server = await startDaemonServer((_path, _query, response, request) => answer(response, request));
  closing.push(server.stop);
  return server;
}

const target = ({ url }: { url: URL }, more: Partial<HttpTarget> = {}): HttpTarget => ({
  ...{ name: 'd', hint: 'is it running?', url, busyMillis: [] },
  ...more,
});

async function linesOf(to: HttpTarget, path = '/x', parameters = {}, stop = signal): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of answerLines(to, path, parameters, stop)) lines.push(line);
  return lines;
}

test('lines are returned without empty ones, the last one also without a line feed, with any chunk boundaries', async () => {
  const bytes = Buffer.from('a\n\n  \nzürich\nlast');
  const server = await serve((response) => {
    for (const byte of bytes) response.write(Buffer.of(byte));
    response.end();
  });
  expect(await linesOf(target(server))).toEqual(['a', 'zürich', 'last']);
});

test('parameters are escaped, and the path is appended to that of the URL', async () => {
  const server = await serve((response) => response.end());
  const at = (path: string) => target({ url: new URL(path, server.url) });
  await linesOf(at('/'), '/api', { when: 'a == "b&c"' });
  await linesOf(at('/logs/'), '/api');
  await linesOf(at('/logs'), '/api');
  expect(server.asked).toEqual(['/api?when=a+%3D%3D+%22b%26c%22', '/logs/api', '/logs/api']);
});

test('a user and a password in the URL are sent as basic authentication, a token as a bearer', async () => {
  const seen: (string | undefined)[] = [];
  const server = await serve((response, { headers }) => {
    seen.push(headers.authorization);
    response.end();
  });
  const url = new URL(server.url);
  await linesOf(target({ url }));
  await linesOf(target({ url }, { token: 'secret' }));
  url.username = 'leo@x';
  url.password = 'a:b';
  await linesOf(target({ url }));
  expect(seen).toEqual([undefined, 'Bearer secret', `Basic ${Buffer.from('leo@x:a:b').toString('base64')}`]);
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

/** A server that does not speak HTTP. */
async function serveBytes(onSocket: (socket: Socket) => void, host = '127.0.0.1'): Promise<URL> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    onSocket(socket);
  });
  await new Promise<void>((done) => server.listen(0, host, done));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((done) => server.close(done));
  });
  const { port } = server.address() as AddressInfo;
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
}

(hasIpv6 ? test : test.skip)('a server at an IPv6 address is asked', async () => {
  const url = await serveBytes(
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx\n'),
    '::1',
  );
  expect(await linesOf(target({ url }))).toEqual(['x']);
});

test('a request to a busy server is retried once per delay, and then its answer is used', async () => {
  const server = await serve((response) => response.writeHead(503).end('busy'));
  await expect(linesOf(target(server, { busyMillis: [1, 1, 1] }))).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'd answered 503: busy',
  });
  expect(server.asked).toHaveLength(4);
});

test.each([
  ['of ours', 500, '{"error":{"message":"no"}}', 'd answered 500: no'],
  ['with a parameter that is no text', 500, '{"error":{"message":"no","parameter":5}}', 'd answered 500: no'],
  [
    'without a message',
    500,
    '{"error":{"parameter":"when"}}',
    'd answered 500: {"error":{"parameter":"when"}}',
  ],
  ['of a proxy', 502, '  <html>\n<body>bad gateway', 'd answered 502: <html>'],
  ['with nothing', 504, '', 'd answered 504: no message'],
  ['that is forbidden', 403, 'no', 'd: no; set the token with --token-file or DISTLOG_TOKEN'],
  ['that moved', 302, 'there', 'd answered 302: there'],
])('an error %s is said in a line: %i', async (_name, status, body, message) => {
  const server = await serve((response) => response.writeHead(status).end(body));
  await expect(linesOf(target(server))).rejects.toThrow(new Error(message));
});

test('only the first part of an endless error is read', async () => {
  const server = await serve((response) => {
    response.writeHead(500);
    const more = () => response.write('x'.repeat(1_000), () => !response.destroyed && setImmediate(more));
    more();
  });
  const error = await linesOf(target(server)).catch((caught: Error) => caught);
  expect((error as Error).message).toBe(`d answered 500: ${'x'.repeat(4_096)}`);
});

test('an abort ends the lines without an error: before the answer, within it, and between two attempts', async () => {
  const stop = new AbortController();
  const silent = await serve(() => stop.abort());
  expect(await linesOf(target(silent), '/x', {}, stop.signal)).toEqual([]);

  const endless = await serve((response) => response.write('a\nb'));
  const within = new AbortController();
  const seen: string[] = [];
  for await (const line of answerLines(target(endless), '/x', {}, within.signal)) {
    seen.push(line);
    within.abort();
  }
  expect(seen).toEqual(['a']);

  const again = new AbortController();
  const busy = await serve((response) => {
    response.writeHead(503).end();
    setImmediate(() => again.abort());
  });
  expect(await linesOf(target(busy, { busyMillis: [600_000] }), '/x', {}, again.signal)).toEqual([]);
});

test('a server that closes the connection without an answer, and one that does not speak HTTP', async () => {
  const closes = await serveBytes((socket) => socket.destroy());
  await expect(linesOf(target({ url: closes }))).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'no answer from d; it closed the connection',
  });
  const other = await serveBytes((socket) => socket.end('what?\r\n\r\n'));
  await expect(linesOf(target({ url: other }))).rejects.toThrow(/^no answer from d; Parse Error/);
});

test('a socket that does not exist, and a file that is not a socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'http-client-'));
  closing.push(async () => rmSync(folder, { recursive: true }));
  const at = (name: string) =>
    target({ url: new URL('http://localhost') }, { socketPath: join(folder, name) });
  await expect(linesOf(at('none.sock'))).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'no answer from d; is it running?',
  });
  writeFileSync(join(folder, 'file'), '');
  await expect(linesOf(at('file'))).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a connection that ends within the answer is reported as cut, after the lines before', async () => {
  const server = await serve((response) => {
    response.write('a\nb\nc', () => response.destroy());
  });
  const seen: string[] = [];
  const reading = (async () => {
    for await (const line of answerLines(target(server), '/x', {}, signal)) seen.push(line);
  })();
  await expect(reading).rejects.toMatchObject({ kind: 'cut', message: 'd closed the connection' });
  expect(seen).toEqual(['a', 'b']);
});
