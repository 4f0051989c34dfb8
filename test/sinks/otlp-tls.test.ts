import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { LoadedTls } from '../../src/net/index.ts';
import { resolve } from '../../src/settings/index.ts';
import { OtlpSink, otlpSinkOptions } from '../../src/sinks/otlp/index.ts';
import { folderForEachTest } from './support/folder.ts';
import { listener, one } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';

const folder = folderForEachTest();
const never = new AbortController().signal;

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A self-signed certificate for localhost. */
function certificate(): { cert: Buffer; key: Buffer } {
  const [cert, key] = [join(folder(), 'cert.pem'), join(folder(), 'key.pem')];
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-keyout', key, '-out', cert, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ],
    { stdio: 'ignore' },
  );
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

async function grpcServer({ cert, key }: { cert: Buffer; key: Buffer }) {
  const server = new Server();
  const same = (bytes: Buffer) => bytes;
  server.addService(
    {
      Export: {
        path: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    },
    { Export: (_call: unknown, reply: (error: null, bytes: Buffer) => void) => reply(null, Buffer.alloc(0)) },
  );
  const credentials = ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('localhost:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, stop: async () => server.forceShutdown() };
}

async function httpsServer(tls: { cert: Buffer; key: Buffer }) {
  const server = createServer(tls, (request, response) => {
    request.resume();
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const stop = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, stop };
}

(hasOpenssl() ? test.each : test.skip.each)([
  ['grpc' as const, grpcServer],
  ['http' as const, httpsServer],
])(
  '%s over TLS: a known authority, or any by an explicit word; else it fails and tries again (needs openssl)',
  async (protocol, start) => {
    const pair = certificate();
    const server = await start(pair);
    const send = async ({ insecure = false, ...tls }: LoadedTls & { insecure?: boolean }) => {
      const sink = new OtlpSink(
        resolve(otlpSinkOptions, 'otlp', {
          endpoint: `https://localhost:${server.port}`,
          protocol,
          tls: { insecure },
        }),
        { tls, log: listener() },
      );
      await sink.open();
      try {
        await sink.write([new MemoryJournal().add(one('x'))], never);
      } finally {
        await sink.close();
      }
    };
    await send({ ca: pair.cert });
    await send({ insecure: true });
    await expect(send({})).rejects.toMatchObject({ retryAfterMillis: expect.any(Number) });
    await server.stop();
  },
);
