import { grpcAnswer, type Transport, takenAnswer } from './answer.ts';
import type { Destination } from './options.ts';

const METHOD = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
const MAX_RESPONSE_BYTES = 4_194_304;
const GZIP = 2;

/**
 * OTLP/gRPC without generated code, because the request is already encoded.
 * @throws (rejects) if the optional dependency `@grpc/grpc-js` is not installed
 */
export async function grpcTransport(options: Destination): Promise<Transport> {
  const { Client, credentials, Metadata } = await import('@grpc/grpc-js').catch((error: unknown) => {
    throw new Error('protocol "grpc" requires the package @grpc/grpc-js; install it, or use "http"', {
      cause: error,
    });
  });
  const { url, headers, compression, timeoutMillis, tls } = options;
  const isTls = url.protocol === 'https:';
  const address = `${url.hostname}:${url.port || (isTls ? 443 : 80)}`;
  const client = new Client(
    address,
    isTls
      ? credentials.createSsl(bufferOf(tls.ca), bufferOf(tls.key), bufferOf(tls.cert), {
          rejectUnauthorized: tls.insecure !== true,
        })
      : credentials.createInsecure(),
    {
      'grpc.max_receive_message_length': MAX_RESPONSE_BYTES,
      'grpc.max_send_message_length': -1,
      // The runner's back-off is longer; when it retries, the channel must reconnect at once.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.min_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 1_000,
      ...(compression === 'gzip' ? { 'grpc.default_compression_algorithm': GZIP } : {}),
    },
  );
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return {
    send: (request, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const deadline = Date.now() + timeoutMillis;
        const abort = () => call.cancel();
        const call = client.makeUnaryRequest<Uint8Array, Buffer>(
          METHOD,
          bytesOf,
          (bytes) => bytes,
          request,
          metadata,
          { deadline },
          (error, response) => {
            signal.removeEventListener('abort', abort);
            if (signal.aborted) reject(signal.reason);
            else if (error === null)
              resolve(takenAnswer(response ?? Buffer.alloc(0), 'application/x-protobuf'));
            else resolve(grpcAnswer(error));
          },
        );
        signal.addEventListener('abort', abort, { once: true });
      }),
    close: () => client.close(),
  };
}

function bytesOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bufferOf(pem: string | Buffer | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}
