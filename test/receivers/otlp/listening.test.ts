import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, credentials } from '@grpc/grpc-js';
import { decodeLogs } from '../../../src/otlp/index.ts';
import {
  checkExposure,
  OtlpGrpcReceiver,
  OtlpHttpReceiver,
  type OtlpReceiverOptions,
} from '../../../src/receivers/otlp/index.ts';
import { certificate, hasOpenssl } from './support/certificates.ts';
import { FakeIntake } from './support/fake-intake.ts';
import { call } from './support/grpc.ts';
import { ask, PROTOBUF, portOf } from './support/http.ts';
import { protobuf } from './support/logs.ts';

const kinds = [
  ['otlpHttp', OtlpHttpReceiver],
  ['otlpGrpc', OtlpGrpcReceiver],
] as const;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function made(kind: (typeof kinds)[number][1], options: Partial<OtlpReceiverOptions> = {}) {
  const name = kind === OtlpHttpReceiver ? 'otlpHttp' : 'otlpGrpc';
  const intake = new FakeIntake();
  const receiver = new kind({
    address: { host: '127.0.0.1', port: 0 },
    intake,
    setting: `receivers.${name}.endpoint`,
    ...options,
  });
  stops.push(() => receiver.stop(0));
  return { receiver, intake };
}

test.each(kinds)('%s: a port in use is told with the setting that changes it', async (name, kind) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };

  await expect(made(kind, { address: { host: '127.0.0.1', port } }).receiver.start()).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use by another process; receivers.${name}.endpoint chooses another`,
  );
  other.close();
});

test.each(kinds)('%s listens on IPv6', async (_name, kind) => {
  const { receiver, intake } = made(kind, { address: { host: '::1', port: 0 } });
  await receiver.start();

  expect(receiver.endpoint).toMatch(/\[::1\]:\d+$/);
  const body = protobuf();
  if (kind === OtlpHttpReceiver) expect((await ask(receiver.endpoint, { body })).status).toBe(200);
  else expect((await call(receiver.endpoint, body)).code).toBe(0);
  expect(intake.batches).toHaveLength(1);
});

const tls = { cert: Buffer.from('cert'), key: Buffer.from('key') };

test.each([
  [{ host: '127.0.0.1' }, true],
  [{ host: '127.8.9.1' }, true],
  [{ host: '::1' }, true],
  [{ host: 'localhost' }, true],
  [{ host: '0.0.0.0' }, false],
  [{ host: '::' }, false],
  [{ host: 'collector.local' }, false],
  [{ host: '10.0.0.1', token: 'secret' }, false],
  [{ host: '10.0.0.1', tls }, false],
  [{ host: '10.0.0.1', tls, token: 'secret' }, true],
  [{ host: '10.0.0.1', tls: { ...tls, ca: Buffer.from('ca') } }, true],
  [{ host: '10.0.0.1', insecure: true }, true],
])('%p may listen: %p', (exposure, isAllowed) => {
  const check = () => checkExposure('receivers.otlpHttp.endpoint', exposure);
  if (isAllowed) expect(check).not.toThrow();
  else
    expect(check).toThrow(
      `receivers.otlpHttp.endpoint: ${exposure.host} is reached from other machines, which needs tls, and a token or clientCaFile; insecure: true does without`,
    );
});

test.each(kinds)('%s refuses what is wrong at construction', (_name, kind) => {
  const wrong = (options: object) => () => made(kind, options);
  expect(wrong({ address: { host: '0.0.0.0', port: 0 } })).toThrow(/needs tls, and a token or clientCaFile/);
  expect(wrong({ maxRequestBytes: 10 })).toThrow('maxRequestBytes must be a whole number from 1024, got 10');
  expect(wrong({ maxInFlightBytes: 2 ** 20 })).toThrow(
    /maxInFlightBytes must be a whole number from 134217728/,
  );
  expect(wrong({ maxConnections: 0 })).toThrow('maxConnections must be a whole number from 1, got 0');
  expect(wrong({ token: '' })).toThrow('token must be a text that is not empty');
  expect(wrong({ port: 4317 })).toThrow(/has no option "port"/);
  expect(wrong({ intake: {} })).toThrow('intake must be an object with append(), lastSeq()');
  // The largest request that a configuration may allow.
  expect(wrong({ maxRequestBytes: 2 ** 30 })).not.toThrow();
});

(hasOpenssl() ? test : test.skip)('OTLP/HTTP over TLS, with a certificate of the client', async () => {
  const [server, client] = [certificate(), certificate()];
  const { receiver, intake } = made(OtlpHttpReceiver, {
    address: { host: 'localhost', port: 0 },
    tls: { ...server, ca: client.cert },
  });
  await receiver.start();
  expect(receiver.endpoint).toMatch(/^https:\/\/localhost:/);
  const send = (pair: object) =>
    new Promise<number>((resolve, reject) => {
      const options = { method: 'POST', ca: server.cert, headers: PROTOBUF, agent: false, ...pair } as const;
      request(`${receiver.endpoint}/v1/logs`, options, (response) => resolve(response.resume().statusCode!))
        .on('error', reject)
        .end(protobuf());
    });

  expect(await send(client)).toBe(200);
  await expect(send({})).rejects.toThrow();
  await expect(ask(receiver.endpoint.replace('https', 'http'), { body: protobuf() })).rejects.toThrow();
  expect(intake.batches).toHaveLength(1);
  expect(receiver.counters.refused.get('protocol')).toBeGreaterThanOrEqual(1);
});

(hasOpenssl() ? test : test.skip)('OTLP/gRPC over TLS, with a certificate of the client', async () => {
  const [server, client] = [certificate(), certificate()];
  const { receiver, intake } = made(OtlpGrpcReceiver, {
    address: { host: 'localhost', port: 0 },
    tls: { ...server, ca: client.cert },
  });
  await receiver.start();
  const send = async (ssl: ReturnType<typeof credentials.createSsl>) => {
    const grpc = new Client(receiver.endpoint, ssl);
    const { code } = await call(receiver.endpoint, protobuf(), { client: grpc });
    grpc.close();
    return code;
  };

  expect(await send(credentials.createSsl(server.cert, client.key, client.cert))).toBe(0);
  expect(await send(credentials.createSsl(server.cert))).toBe(14);
  expect(await send(credentials.createInsecure())).toBe(14);
  expect(intake.batches).toHaveLength(1);
  expect(receiver.counters.refused.get('tls')).toBeGreaterThanOrEqual(1);
});

(hasOpenssl() ? test : test.skip).each(kinds)(
  '%s: stopping does not wait for a handshake that does not go on',
  async (_name, kind) => {
    const { receiver } = made(kind, { tls: certificate() });
    await receiver.start();
    const { rawConnection } = await import('./support/http.ts');
    const { rest } = await rawConnection(portOf(receiver.endpoint));

    await receiver.stop(20);
    await rest;
  },
);

test.each(['none', 'gzip'])(
  'the HTTP exporter of OpenTelemetry is a client, compression %s',
  async (compression) => {
    const { receiver, intake } = made(OtlpHttpReceiver, { token: 'secret-of-sixteen' });
    await receiver.start();
    const program = join(__dirname, 'programs', 'send-http.js');
    const url = `${receiver.endpoint}/v1/logs`;

    const { stdout } = await promisify(execFile)(process.execPath, [program, url, '1500', compression]);

    expect(new Set(JSON.parse(stdout))).toEqual(new Set([0]));
    const bodies = intake.batches.flatMap(({ body }) =>
      decodeLogs(body).resources.flatMap(({ scopes }) => scopes.flatMap((scope) => scope.records)),
    );
    expect(bodies.map(({ body }) => body)).toEqual(Array.from({ length: 1_500 }, (_, i) => `number ${i}`));
    expect(Object.fromEntries(receiver.counters.refused)).toEqual({});
  },
);
