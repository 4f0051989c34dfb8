import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Daemon } from '../../src/daemon/index.ts';
import { Journal } from '../../src/journal/index.ts';
import { decodeJsonLogs } from '../../src/otlp/index.ts';
import { OtlpHttpReceiver } from '../../src/receivers/otlp/index.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { freePort } from '../support/free-port.js';
import { startOtlpReceiver } from '../support/otlp-receiver.js';
import { daemonsForEachTest } from './support/daemon-process.ts';
import { sendBodies as send } from './support/json-request.ts';
import { loadedConfig } from './support/loaded-config.ts';

const folder = folderForEachTest();
const start = daemonsForEachTest(folder);

/** A configuration on free ports; `more` replaces parts. */
function config(more: Record<string, string> = {}): string {
  const parts: Record<string, string> = {
    data: './data',
    receivers: '{ otlpHttp: { endpoint: "127.0.0.1:0" } }',
    sinks: '{ out: { type: file, path: out.jsonl } }',
    http: '{ endpoint: "127.0.0.1:0" }',
    ...more,
  };
  return Object.entries(parts)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('');
}

function write(text: string): string {
  const file = join(folder(), 'distlogd.yaml');
  writeFileSync(file, text);
  return file;
}

/** The records in the order of the file, without the daemon's own. */
function written(name = 'out.jsonl'): unknown[] {
  const lines = readFileSync(join(folder(), name), 'utf8').split('\n').filter(Boolean);
  return lines
    .flatMap((line) => decodeJsonLogs(line).resources)
    .flatMap(({ scopes }) => scopes)
    .filter((scope) => scope.name !== 'distlogd')
    .flatMap(({ records }) => records.map(({ body }) => body));
}

async function occupiedPort(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer().listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server };
}

test('SIGTERM drains: what was acknowledged is in the file, and the exit code is 0', async () => {
  const daemon = start(['-c', write(config())]);
  const { otlpHttp } = await daemon.ready();
  const bodies = Array.from({ length: 50 }, (_, index) => `record ${index}`);
  const answers = await Promise.all(bodies.map((body) => send(otlpHttp!, body)));
  expect(new Set(answers)).toEqual(new Set([200]));
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
  expect(new Set(written())).toEqual(new Set(bodies));
  expect(written()).toHaveLength(50);
});

test('what a sink has not written when the daemon is killed comes after the next start, once', async () => {
  const port = await freePort();
  // No server answers there, so that everything waits.
  const sinks = `{ out: { type: file, path: out.jsonl }, away: { type: otlp, protocol: http, endpoint: "http://127.0.0.1:${port}" } }`;
  const first = start(['-c', write(config({ sinks }))]);
  const { otlpHttp } = await first.ready();
  expect(await send(otlpHttp!, 'kept')).toBe(200);
  first.kill('SIGKILL');
  await first.exit;
  const second = start(['-c', write(config({ sinks: '{ out: { type: file, path: out.jsonl } }' }))]);
  const { otlpHttp: again } = await second.ready();
  expect(await send(again!, 'new')).toBe(200);
  second.kill('SIGTERM');
  expect(await second.exit).toEqual([0, null]);
  expect(written()).toEqual(['kept', 'new']);
});

test('a silent connection at every port does not hold the end', async () => {
  const receivers =
    '{ otlpHttp: { endpoint: "127.0.0.1:0" }, otlpGrpc: { endpoint: "127.0.0.1:0" }, zmqAck: { endpoint: "tcp://127.0.0.1:0" } }';
  const daemon = start(['-c', write(config({ receivers }))]);
  const endpoints = await daemon.ready();
  expect(Object.keys(endpoints).sort()).toEqual(['http', 'otlpGrpc', 'otlpHttp', 'zmqAck']);
  const sockets = Object.values(endpoints).map((endpoint) =>
    connect(Number(/:(\d+)$/.exec(endpoint)![1]), '127.0.0.1').on('error', () => {}),
  );
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
  for (const socket of sockets) socket.destroy();
});

test('SIGHUP adds a sink and moves a receiver; the other receivers and sinks go on', async () => {
  const [before, port] = [await freePort(), await freePort()];
  const file = write(config({ receivers: `{ otlpHttp: { endpoint: "127.0.0.1:${before}" } }` }));
  const daemon = start(['-c', file]);
  const { otlpHttp } = await daemon.ready();
  expect(await send(otlpHttp!, 'before')).toBe(200);
  write(
    config({
      receivers: `{ otlpHttp: { endpoint: "127.0.0.1:${port}" } }`,
      sinks: '{ out: { type: file, path: out.jsonl }, second: { type: file, path: second.jsonl } }',
    }),
  );
  daemon.kill('SIGHUP');
  await daemon.says('configuration reloaded');
  await expect(send(otlpHttp!, 'x')).rejects.toThrow();
  expect(await send(`http://127.0.0.1:${port}`, 'after')).toBe(200);
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
  expect(written()).toEqual(['before', 'after']);
  expect(written('second.jsonl')).toContain('after');
});

test.each([
  ['invalid YAML', () => 'sinks: [', 'the previous configuration stays active'],
  ['another data directory', () => config({ data: './other' }), 'data cannot change at run time'],
  [
    'a sink that cannot be opened',
    () =>
      config({
        sinks: '{ bad: { type: file, path: bad.jsonl }, out: { type: file, path: out.jsonl } }',
      }),
    'the previous',
  ],
  [
    'a port in use',
    (port: number) => config({ receivers: `{ otlpHttp: { endpoint: "127.0.0.1:${port}" } }` }),
    'receivers.otlpHttp.endpoint chooses another',
  ],
  [
    'the port of http in use',
    (port: number) => config({ http: `{ endpoint: "127.0.0.1:${port}" }` }),
    'http.endpoint chooses another',
  ],
] as const)('SIGHUP with %s leaves the previous configuration active', async (_what, changed, message) => {
  // The port stays the same over the fault.
  const own = await freePort();
  const { port, server: other } = await occupiedPort();
  const receivers = `{ otlpHttp: { endpoint: "127.0.0.1:${own}" } }`;
  const daemon = start(['-c', write(config({ receivers }))]);
  const { otlpHttp } = await daemon.ready();
  expect(await send(otlpHttp!, 'before')).toBe(200);
  // Where the progress of a sink `bad` would be.
  mkdirSync(join(folder(), 'data/sinks/bad.cursor'), { recursive: true });
  write(changed(port));
  daemon.kill('SIGHUP');
  await daemon.says(message);
  await daemon.says('stays');
  expect(await send(otlpHttp!, 'after')).toBe(200);
  other.close();
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
  expect(written()).toEqual(['before', 'after']);
});

test('a data directory in use: exit code 73, and the first daemon continues', async () => {
  const file = write(config());
  const first = start(['-c', file]);
  const { otlpHttp } = await first.ready();
  const second = start(['-c', file]);
  expect(await second.exit).toEqual([73, null]);
  expect(second.said).toMatch(/in use by process \d+/);
  expect(await send(otlpHttp!, 'x')).toBe(200);
});

test('a data directory of a newer version: exit code 73, untouched', async () => {
  const data = join(folder(), 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'version'), '999\n');
  writeFileSync(join(data, 'unknown'), 'precious');
  const daemon = start(['-c', write(config())]);
  expect(await daemon.exit).toEqual([73, null]);
  expect(daemon.said).toContain('newer');
  expect(readdirSync(data).sort()).toEqual(['unknown', 'version']);
  expect(readFileSync(join(data, 'unknown'), 'utf8')).toBe('precious');
});

test('a port in use: names the setting, and leaves nothing open', async () => {
  const { port, server } = await occupiedPort();
  const receivers = `{ zmqAck: { endpoint: "tcp://127.0.0.1:0" }, otlpHttp: { endpoint: "127.0.0.1:${port}" } }`;
  const file = write(config({ receivers }));
  const daemon = start(['-c', file]);
  expect(await daemon.exit).toEqual([1, null]);
  expect(daemon.said).toContain(
    `cannot listen on 127.0.0.1:${port}: the port is in use by another process; receivers.otlpHttp.endpoint chooses another; not started`,
  );
  expect(daemon.said).not.toContain('ready');
  await new Promise((done) => server.close(done));
  // Neither the lock nor a port was left.
  await start(['-c', file]).ready();
});

test('in one process: a start that fails leaves no socket, timer or lock', async () => {
  const { port, server } = await occupiedPort();
  const receivers = `{ zmqAck: { endpoint: "tcp://127.0.0.1:0" }, otlpGrpc: { endpoint: "127.0.0.1:0" }, otlpHttp: { endpoint: "127.0.0.1:${port}" } }`;
  const quiet = { ownRecords: '{ console: false }' };
  await expect(Daemon.start(await loaded(config({ receivers, ...quiet })), { version: '0' })).rejects.toThrow(
    'receivers.otlpHttp.endpoint',
  );
  server.close();
  const daemon = await Daemon.start(await loaded(config(quiet)), { version: '0' });
  await daemon.stop();
  await daemon.stop();
  await daemon.ended;
});

test('beyond loopback without protection, and any other error: exit code 78, all reported at once, nothing made', async () => {
  const text = config({
    receivers:
      '{ otlpHttp: { endpoint: "0.0.0.0:0" }, zmqAck: { endpoint: "tcp://0.0.0.0:0" }, otlpHtp: {} }',
    sinks: '{ a: { type: fil } }',
  });
  const daemon = start(['-c', write(text)]);
  expect(await daemon.exit).toEqual([78, null]);
  for (const part of ['receivers.otlpHttp', 'receivers.zmqAck', 'otlpHtp', 'sinks.a', 'insecure: true']) {
    expect(daemon.said).toContain(part);
  }
  expect(daemon.said).toMatch(/distlogd\.yaml:\d+:\d+: /);
  expect(daemon.said).toMatch(/\d errors/);
  expect(existsSync(join(folder(), 'data'))).toBe(false);
});

/** Polls a path of the operations server until it returns this status. */
async function until(endpoint: string, path: string, status: number): Promise<string> {
  for (;;) {
    const answer = await fetch(`${endpoint}${path}`);
    const text = await answer.text();
    if (answer.status === status) return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a disk that is full before the first record: healthy, but not ready', async () => {
  const daemon = start(['-c', write(config({ journal: '{ minFreeBytes: 900TiB }' }))]);
  const { http, otlpHttp } = await daemon.ready();
  expect(await until(http!, '/readyz', 503)).toBe('blocked: the journal or its disk is full\n');
  expect((await fetch(`${http}/healthz`)).status).toBe(200);
  expect(daemon.said).toContain('no records are accepted: the journal or its disk is full');
  expect(await send(otlpHttp!, 'x')).toBe(503);
  expect(await (await fetch(`${http}/metrics`)).text()).toContain('\ndistlogd_intake_blocked 1\n');
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
});

test('a sink that must not miss anything and is too far behind: not ready until it has caught up', async () => {
  const port = await freePort();
  const sinks = `{ away: { type: otlp, endpoint: "http://127.0.0.1:${port}", onFull: block, maxBehind: { age: 1s }, retry: { initial: 10ms, max: 50ms } } }`;
  const daemon = start(['-c', write(config({ sinks, ownRecords: '{ severity: FATAL }' }))]);
  const { http, otlpHttp } = await daemon.ready();
  expect(await until(http!, '/readyz', 200)).toBe('ready\n');
  expect(await send(otlpHttp!, 'kept')).toBe(200);
  expect(await until(http!, '/readyz', 503)).toBe('blocked: too far behind: sink away\n');
  expect(await send(otlpHttp!, 'not now')).toBe(503);
  await daemon.says('no records are accepted: too far behind: sink away');
  const receiver = await startOtlpReceiver({ port });
  await until(http!, '/readyz', 200);
  expect(receiver.records.map(({ body }) => body)).toEqual(['kept']);
  await daemon.says('records are accepted again');
  await receiver.stop();
});

test('a journal that cannot be written ends the daemon with an error; the batch is not acknowledged', async () => {
  const under = ['/bin/sh', '-c', 'ulimit -f 512; exec "$@"', 'sh'];
  const daemon = start(['-c', write(config())], { under });
  const { otlpHttp } = await daemon.ready();
  expect(await send(otlpHttp!, 'small')).toBe(200);
  const answer = await send(otlpHttp!, 'x'.repeat(1_000_000)).catch(() => 0);
  expect(answer).not.toBe(200);
  const [code] = await daemon.exit;
  expect(code).toBe(1);
  expect(daemon.said).toContain('fatal error');
});

test('when the journal fails the daemon ends by itself with an error, and acknowledges nothing more', async () => {
  const receivers = `{ otlpHttp: { endpoint: "127.0.0.1:${await freePort()}" } }`;
  const quiet = { ownRecords: '{ console: false }' };
  const daemon = await Daemon.start(await loaded(config({ receivers, ...quiet })), { version: '0' });
  const fault = new Error('EIO: i/o error, fdatasync');
  daemon.fail(fault);
  await expect(daemon.ended).rejects.toBe(fault);
  await expect(send(daemon.endpoints.otlpHttp!, 'x')).rejects.toThrow();
  await daemon.stop();
});

test('when the journal fails while the daemon starts, it does not start, and leaves nothing open', async () => {
  const fault = new Error('EIO: i/o error, fdatasync');
  const { open } = Journal;
  let fail: (error: Error) => void = () => {};
  const opened = jest.spyOn(Journal, 'open').mockImplementationOnce((options) => {
    fail = options.onFault!;
    return open.call(Journal, options);
  });
  const { start: startReceiver } = OtlpHttpReceiver.prototype;
  let endpoint = '';
  const started = jest.spyOn(OtlpHttpReceiver.prototype, 'start').mockImplementationOnce(async function (
    this: OtlpHttpReceiver,
  ) {
    fail(fault);
    await startReceiver.call(this);
    endpoint = this.endpoint;
  });
  const quiet = { ownRecords: '{ console: false }' };
  const starting = Daemon.start(await loaded(config(quiet)), { version: '0' });
  await expect(starting).rejects.toBe(fault);
  await expect(send(endpoint, 'x')).rejects.toThrow();
  opened.mockRestore();
  started.mockRestore();
});

test('a reload that comes while the daemon stops starts nothing, and the daemon ends well', async () => {
  const quiet = { ownRecords: '{ console: false }' };
  const daemon = await Daemon.start(await loaded(config(quiet)), { version: '0' });
  const other = await loaded(config({ ...quiet, sinks: '{ other: { type: file, path: other.jsonl } }' }));
  const stopped = daemon.stop();
  await expect(daemon.reload(other)).rejects.toThrow('the daemon is stopping');
  await stopped;
  await daemon.ended;
  expect(existsSync(join(folder(), 'other.jsonl'))).toBe(false);
});

test('a start with nothing given makes its data in the directory, private, with the usual ports', async () => {
  // The default ports may be in use on this machine; then the daemon reports the port, and nothing else is tested.
  const daemon = start();
  const first = await Promise.race([daemon.ready(), daemon.exit]);
  if (Array.isArray(first)) {
    expect(daemon.said).toMatch(/cannot listen on .*in use/);
    return;
  }
  expect(first).toMatchObject({ zmqAck: 'tcp://127.0.0.1:5011', otlpHttp: 'http://127.0.0.1:4318' });
  expect(existsSync(join(folder(), '.distlogd/version'))).toBe(true);
  expect(await send('http://127.0.0.1:4318', 'hello')).toBe(200);
  await daemon.says('hello');
  daemon.kill('SIGINT');
  expect(await daemon.exit).toEqual([0, null]);
});

const loaded = (text: string) => loadedConfig(text, folder());

test('the backlog of a removed sink is reported and kept until `distlogd release`', async () => {
  const port = await freePort();
  const away = `away: { type: otlp, protocol: http, endpoint: "http://127.0.0.1:${port}", onFull: block }`;
  const out = 'out: { type: file, path: out.jsonl }';
  const own = { ownRecords: '{ severity: FATAL }' };
  const file = write(config({ ...own, sinks: `{ ${out}, ${away} }` }));
  const daemon = start(['-c', file]);
  const { otlpHttp, http } = await daemon.ready();
  expect(await send(otlpHttp!, 'one', 'two')).toBe(200);
  const sinks = async () =>
    ((await (await fetch(`${http}/status`)).json()) as { sinks: { name: string }[] }).sinks;
  const [, before] = (await sinks()) as { behind?: { records: number } }[];
  expect(before!.behind!.records).toBe(2);

  write(config({ ...own, sinks: `{ ${out} }` }));
  daemon.kill('SIGHUP');
  await daemon.says('sink away: not in the configuration; 1 batches with 2 records');
  expect(await send(otlpHttp!, 'three')).toBe(200);
  expect(await sinks()).toMatchObject([
    { name: 'out' },
    { name: 'away', condition: 'removed', behind: { batches: 1, records: 2 } },
  ]);
  const validate = start(['-c', file], { command: 'validate' });
  expect(await validate.exit).toEqual([0, null]);
  expect(validate.said).toContain('warning: sink away has a position');

  const release = start(['away', '-c', file], { command: 'release' });
  expect(await release.exit).toEqual([0, null]);
  await daemon.says(
    'sink away: the backlog is discarded: released by the operator; 1 batches with 2 records',
  );
  expect(await sinks()).toMatchObject([
    { name: 'out' },
    { name: 'away', behind: { batches: 0 }, dropped: { released: { batches: 1, records: 2 } } },
  ]);
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
});

test('a sink without a position begins at its `start` option, and that is logged', async () => {
  const sinks = '{ out: { type: file, path: out.jsonl } }';
  const first = start(['-c', write(config({ sinks }))]);
  const { otlpHttp } = await first.ready();
  expect(await send(otlpHttp!, 'old')).toBe(200);
  first.kill('SIGTERM');
  await first.exit;
  const more =
    '{ out: { type: file, path: out.jsonl }, all: { type: file, path: all.jsonl }, new: { type: file, path: new.jsonl, start: now } }';
  const second = start(['-c', write(config({ sinks: more }))]);
  const { otlpHttp: again } = await second.ready();
  await second.says('sink all: no position yet, starting at the oldest entry');
  await second.says('sink new: no position yet, starting now');
  expect(await send(again!, 'fresh')).toBe(200);
  second.kill('SIGTERM');
  expect(await second.exit).toEqual([0, null]);
  expect(written('all.jsonl')).toEqual(['old', 'fresh']);
  expect(written('new.jsonl')).toEqual(['fresh']);
});
