import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, credentials } from '@grpc/grpc-js';
import { decodeLogs } from '../../../src/otlp/index.ts';
import {
  OtlpGrpcReceiver,
  OtlpHttpReceiver,
  type OtlpReceiverTools,
  otlpGrpcOptions,
  otlpHttpOptions,
} from '../../../src/receivers/otlp/index.ts';
import { type InputOf, resolve } from '../../../src/settings/index.ts';
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

function made(
  kind: (typeof kinds)[number][1],
  endpoint = '127.0.0.1:0',
  tools: Partial<OtlpReceiverTools> = {},
) {
  const name = kind === OtlpHttpReceiver ? 'otlpHttp' : 'otlpGrpc';
  const intake = new FakeIntake();
  const all = { intake, setting: `receivers.${name}.endpoint`, ...tools };
  const receiver =
    kind === OtlpHttpReceiver
      ? new OtlpHttpReceiver(resolve(otlpHttpOptions, name, { endpoint }), all)
      : new OtlpGrpcReceiver(resolve(otlpGrpcOptions, name, { endpoint }), all);
  stops.push(() => receiver.stop(0));
  return { receiver, intake };
}

test.each(kinds)('%s: a port in use is reported with the setting that changes it', async (name, kind) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };

  await expect(made(kind, `127.0.0.1:${port}`).receiver.start()).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use by another process; receivers.${name}.endpoint chooses another`,
  );
  other.close();
});

test.each(kinds)('%s listens on IPv6', async (_name, kind) => {
  const { receiver, intake } = made(kind, '[::1]:0');
  await receiver.start();

  expect(receiver.endpoint).toMatch(/\[::1\]:\d+$/);
  const body = protobuf();
  if (kind === OtlpHttpReceiver) expect((await ask(receiver.endpoint, { body })).status).toBe(200);
  else expect((await call(receiver.endpoint, body)).code).toBe(0);
  expect(intake.batches).toHaveLength(1);
});

const tls = { certFile: 'cert', keyFile: 'key' };
const token = 'secret-of-sixteen';

test.each<[InputOf<typeof otlpHttpOptions>, string | undefined]>([
  [{ endpoint: '127.0.0.1:0' }, undefined],
  [{ endpoint: '127.8.9.1:0' }, undefined],
  [{ endpoint: '[::1]:0' }, undefined],
  [{ endpoint: 'LocalHost:0' }, undefined],
  [{ endpoint: '[::ffff:127.0.0.1]:0' }, undefined],
  [{ endpoint: '0.0.0.0:0' }, 'tls and a token or tls.clientCaFile'],
  [{ endpoint: '[::]:0' }, 'tls and a token or tls.clientCaFile'],
  [{ endpoint: 'collector.local:0' }, 'tls and a token or tls.clientCaFile'],
  [{ endpoint: '10.0.0.1:0', token }, 'tls'],
  [{ endpoint: '10.0.0.1:0', tls }, 'a token or tls.clientCaFile'],
  [{ endpoint: '10.0.0.1:0', tls, token }, undefined],
  [{ endpoint: '10.0.0.1:0', tls, tokenFile: 'file' }, undefined],
  [{ endpoint: '10.0.0.1:0', tls: { ...tls, clientCaFile: 'ca' } }, undefined],
  [{ endpoint: '10.0.0.1:0', insecure: true }, undefined],
])('an address that other machines can reach requires protection: %j', (options, needed) => {
  for (const definition of [otlpHttpOptions, otlpGrpcOptions]) {
    const read = () => resolve(definition, 'receiver', options);
    if (needed === undefined) expect(read).not.toThrow();
    else expect(read).toThrow(`endpoint needs ${needed}, or insecure: true, since other machines can reach`);
  }
});

(hasOpenssl() ? test : test.skip)('OTLP/HTTP over TLS, with a certificate of the client', async () => {
  const [server, client] = [certificate(), certificate()];
  const { receiver, intake } = made(OtlpHttpReceiver, 'localhost:0', {
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
  const { receiver, intake } = made(OtlpGrpcReceiver, 'localhost:0', {
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
    const { receiver } = made(kind, undefined, { tls: certificate() });
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
    const { receiver, intake } = made(OtlpHttpReceiver, undefined, { token });
    await receiver.start();
    const program = join(__dirname, 'programs', 'send-http.js');
    const url = `${receiver.endpoint}/v1/logs`;

    const { stdout } = await promisify(execFile)(process.execPath, [program, url, '1500', compression]);

    expect(new Set(JSON.parse(stdout))).toEqual(new Set([0]));
    const bodies = intake.batches.flatMap(({ body }) =>
      decodeLogs(body).resources.flatMap(({ scopes }) => scopes.flatMap((scope) => scope.records)),
    );
    // The SDK exports its last batches concurrently, so their order is undefined.
    const numbers = bodies.map(({ body }) => Number(String(body).replace('number ', '')));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1_500 }, (_, i) => i));
    expect(Object.fromEntries(receiver.counters.refused)).toEqual({});
  },
);
