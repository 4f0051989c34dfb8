import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { retryInfoMillis } from '../../../../src/otlp/index.ts';

export const EXPORT = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';

export interface Called {
  readonly code: number;
  readonly message?: string;
  /** From the RetryInfo. */
  readonly retryAfterMillis?: number | undefined;
  readonly answer?: Buffer | undefined;
}

export interface CallOptions {
  readonly path?: string;
  readonly token?: string;
  readonly gzip?: boolean;
  readonly client?: Client;
}

export function grpcClient(endpoint: string, gzip = false): Client {
  return new Client(endpoint, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': gzip ? 2 : 0,
    'grpc.max_send_message_length': -1,
  });
}

/** One call with grpc-js. */
export async function call(endpoint: string, body: Uint8Array, options: CallOptions = {}): Promise<Called> {
  const { path = EXPORT, token, gzip = false } = options;
  const client = options.client ?? grpcClient(endpoint, gzip);
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  const raw = (bytes: Buffer) => bytes;
  try {
    return await new Promise<Called>((resolve) => {
      const done = (error: ServiceError | null, answer?: Buffer) => {
        if (error === null) return resolve({ code: 0, answer });
        const [details] = error.metadata.get('grpc-status-details-bin');
        const retryAfterMillis = details === undefined ? undefined : retryInfoMillis(details as Buffer);
        resolve({ code: error.code, message: error.details, retryAfterMillis });
      };
      client.makeUnaryRequest(path, raw, raw, Buffer.from(body), metadata, done);
    });
  } finally {
    if (options.client === undefined) client.close();
  }
}
