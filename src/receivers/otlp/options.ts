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
      'The largest request after decompression. The OTLP specification recommends 64 MiB. A larger one is refused.',
  }),
  /**
   * Bytes of all requests that are being read or wait for the journal; further ones are asked to retry. At
   * least, and by default, twice `maxRequestBytes`, and by default no less than 128 MiB.
   */
  maxInFlightBytes: bytes({
    isInternal: true,
    min: 1_024,
    absent: 'twice `maxRequestBytes`, at least 128 MiB',
  }),
  /** Connections at a time; further ones are closed. */
  maxConnections: count({ isInternal: true, min: 1, default: 4_096 }),
  /** How long a client may take for one request. */
  requestMillis: millis({ isInternal: true, min: 1, default: 60_000 }),
  /** How long a client may take for the headers, and for the first bytes. */
  headersMillis: millis({ isInternal: true, min: 1, default: 10_000 }),
};

const about = { absent: 'closed', checks: httpListenerChecks } as const;

/** The options of `OtlpGrpcReceiver`. */
export const otlpGrpcOptions = group(
  { ...httpListener('127.0.0.1:4317'), ...fields },
  {
    ...about,
    meaning:
      'OTLP over gRPC, for SDKs of any language. A request is answered when its records are on the disk.',
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
      'OTLP over HTTP (protobuf and JSON, path `/v1/logs`), for SDKs of any language. A request is answered when its records are on the disk.',
  },
);

export type OtlpGrpcReceiverOptions = Values<typeof otlpGrpcOptions.fields>;
export type OtlpHttpReceiverOptions = Values<typeof otlpHttpOptions.fields>;

/** What both receivers work with, beside their options. */
export interface OtlpReceiverTools {
  /** Where batches go. */
  readonly intake: Intake;
  /** What the options `token`, `tokenFile` and `tls` name. */
  readonly token?: string | undefined;
  readonly tls?: LoadedTls | undefined;
  /** The name of the option `endpoint` for messages. */
  readonly setting: string;
  /** Where refused requests are logged. Default: nowhere. */
  readonly log?: OwnLog | undefined;
}

/** How much may be read, or wait for the journal, at a time. */
export function inFlightBound({ maxInFlightBytes, maxRequestBytes }: OtlpGrpcReceiverOptions): number {
  return maxInFlightBytes ?? Math.max(128 * MIB, 2 * maxRequestBytes);
}
