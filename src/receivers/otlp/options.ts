import type { Intake, OwnLog } from '../../component/index.ts';
import { httpListener, httpListenerChecks, type LoadedTls } from '../../net/index.ts';
import { bytes, count, group, millis, type Values } from '../../settings/index.ts';

const MIB = 1024 * 1024;

const fields = {
  maxRequestBytes: bytes({
    min: 64 * 1024,
    max: 1024 * MIB,
    default: 64 * MIB,
    meaning:
      'The largest request after decompression. The OTLP specification recommends 64 MiB. Larger requests are rejected.',
  }),
  /**
   * The maximum size of all requests that are being read or wait for the journal; further requests are asked
   * to retry. At least twice `maxRequestBytes`. Default: twice `maxRequestBytes`, but no less than 128 MiB.
   */
  maxInFlightBytes: bytes({
    isInternal: true,
    min: 1_024,
    absent: 'twice `maxRequestBytes`, at least 128 MiB',
  }),
  /** The maximum number of connections; further ones are closed. */
  maxConnections: count({ isInternal: true, min: 1, default: 4_096 }),
  /** How long a client may take to send a request. */
  requestMillis: millis({ isInternal: true, min: 1, default: 60_000 }),
  /** How long a client may take to send the headers, and to complete the handshake. */
  headersMillis: millis({ isInternal: true, min: 1, default: 10_000 }),
};

const about = { absent: 'closed', checks: httpListenerChecks } as const;

/** The options of `OtlpGrpcReceiver`. */
export const otlpGrpcOptions = group(
  { ...httpListener('127.0.0.1:4317'), ...fields },
  {
    ...about,
    meaning: 'OTLP over gRPC, for SDKs of any language. A request is answered when its records are on disk.',
  },
);

/** The options of `OtlpHttpReceiver`. */
export const otlpHttpOptions = group(
  {
    ...httpListener('127.0.0.1:4318'),
    ...fields,
  },
  {
    ...about,
    meaning:
      'OTLP over HTTP (protobuf and JSON, path `/v1/logs`), for SDKs of any language. A request is answered when its records are on disk.',
  },
);

export type OtlpGrpcReceiverOptions = Values<typeof otlpGrpcOptions.fields>;
export type OtlpHttpReceiverOptions = Values<typeof otlpHttpOptions.fields>;

/** The dependencies of both receivers, besides their options. */
export interface OtlpReceiverTools {
  /** Receives the batches. */
  readonly intake: Intake;
  /** The values of the options `token`, `tokenFile` and `tls`. */
  readonly token?: string | undefined;
  readonly tls?: LoadedTls | undefined;
  /** The name of the option `endpoint`, for messages. */
  readonly setting: string;
  /** Logs refused requests. Default: none. */
  readonly log?: OwnLog | undefined;
}

/** The maximum number of bytes that may be read or wait for the journal at the same time. */
export function inFlightBound({ maxInFlightBytes, maxRequestBytes }: OtlpGrpcReceiverOptions): number {
  return maxInFlightBytes ?? Math.max(128 * MIB, 2 * maxRequestBytes);
}
