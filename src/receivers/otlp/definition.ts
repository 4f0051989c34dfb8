import { httpListener, httpListenerChecks } from '../../net/index.ts';
import { bytes, count, group, millis } from '../../settings/index.ts';

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
   * Bytes of all requests that are being read or wait for the journal; further ones are asked to retry. At least, and
   * by default, twice `maxRequestBytes`, and by default no less than 128 MiB.
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
    maxJsonBytes: bytes({
      min: 64 * 1024,
      max: 1024 * MIB,
      default: 8 * MIB,
      meaning:
        'The largest request in JSON, after decompression: 8 MiB are about 10,000 records. Reading JSON takes up to a hundred times its size in memory. Never more than `maxRequestBytes`.',
    }),
  },
  {
    ...about,
    meaning:
      'OTLP over HTTP (protobuf and JSON, path `/v1/logs`), for SDKs of any language. A request is answered when its records are on the disk.',
  },
);
