import type { OwnLog } from '../../component/index.ts';
import { keyFiles, type LoadedTls, parseHttpUrl } from '../../net/index.ts';
import type { Clock } from '../../record/index.ts';
import {
  bytes,
  choice,
  flag,
  group,
  map,
  millis,
  parsed,
  path,
  text,
  together,
  type ValueOf,
} from '../../settings/index.ts';

/** The options of `OtlpSink`. */
export const otlpSinkOptions = group(
  {
    endpoint: parsed({
      type: 'URL',
      expected: 'an http:// or https:// URL without user, query or fragment, such as http://127.0.0.1:4317',
      parse: parseHttpUrl,
      meaning:
        'The URL of the destination. For `http`, `/v1/logs` is appended; for `grpc` it must have no path.',
      example: 'https://collector.example.org:4317',
    }),
    protocol: choice(['grpc', 'http'], {
      default: 'grpc',
      meaning: 'OTLP over gRPC, or over HTTP (protobuf).',
    }),
    headers: map(
      text({
        isSecret: true,
        expected: 'a text of visible ASCII characters and spaces',
        pattern: /^[\x20-\x7e]{0,8192}$/,
        meaning: 'The value of the header. It is never shown.',
        example: `Bearer \${env:COLLECTOR_TOKEN}`,
      }),
      {
        default: {},
        names: {
          called: 'header',
          rule: 'must be a valid header name that the protocol does not set itself',
          pattern:
            /^(?!(?:connection|content-[a-z]+|host|keep-alive|te|transfer-encoding|upgrade|grpc-.*)$)[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/i,
        },
        meaning: 'Headers that are sent with every request.',
      },
    ),
    compression: choice(['gzip', 'none'], { default: 'gzip', meaning: 'How requests are compressed.' }),
    timeoutMillis: millis({
      min: 10,
      max: 600_000,
      default: 10_000,
      meaning: 'How long the sink waits for the response to a request before it retries.',
    }),
    tls: group(
      {
        caFile: path({
          contents: keyFiles.certificates,
          absent: 'the certificate authorities of Node.js',
          meaning:
            'The certificate authorities (PEM) that are trusted for the certificate of the destination.',
          example: '/etc/distlogd/ca.crt',
        }),
        certFile: path({
          contents: keyFiles.certificates,
          absent: 'no client certificate',
          meaning: 'The client certificate (PEM). Requires `keyFile`.',
          example: '/etc/distlogd/client.crt',
        }),
        keyFile: path({
          contents: keyFiles.privateKey,
          absent: 'no client certificate',
          meaning:
            'The private key of the certificate (PEM, unencrypted). Only its owner may read the file. Requires `certFile`.',
          example: '/etc/distlogd/client.key',
        }),
        insecure: flag({
          default: false,
          meaning: 'Accepts any certificate of the destination. For tests.',
        }),
      },
      {
        absent: 'off',
        meaning: 'TLS to the destination. Its `endpoint` must start with `https://`.',
        checks: [together('certFile', 'keyFile')],
      },
    ),
    /** The maximum size of a request before compression. gRPC servers accept 4 MiB by default. */
    maxRequestBytes: bytes({ isInternal: true, min: 1_024, default: 4 * 1024 * 1024 }),
  },
  {
    meaning: 'Sends to a Collector, or to any other OTLP endpoint, at least once.',
    checks: [
      {
        at: 'tls',
        problem: ({ endpoint, tls }) =>
          tls !== undefined && endpoint.startsWith('http:')
            ? 'requires an endpoint that starts with https://, got http://'
            : undefined,
      },
      {
        at: 'endpoint',
        problem: ({ endpoint, protocol }) =>
          protocol === 'grpc' && new URL(endpoint).pathname !== '/'
            ? 'must have no path when protocol is grpc (did you mean protocol: http?)'
            : undefined,
      },
    ],
  },
);

/** The resolved options. */
export type OtlpSinkOptions = ValueOf<typeof otlpSinkOptions>;

/** The dependencies of the sink, besides its options. */
export interface OtlpSinkTools {
  readonly log: OwnLog;
  /** The contents of the files of the option `tls`. */
  readonly tls?: LoadedTls | undefined;
  /** The clock, for tests. Default: the system clock. */
  readonly clock?: Clock | undefined;
}

/** The destination of requests, and how they are sent. */
export interface Destination {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMillis: number;
  readonly tls: LoadedTls & { readonly insecure?: boolean | undefined };
  readonly clock: Clock;
}

/** The URL of requests: for `http`, `/v1/logs` is appended to the endpoint. */
export function requestUrl({ endpoint, protocol }: OtlpSinkOptions): URL {
  const url = new URL(endpoint);
  if (protocol === 'http' && !url.pathname.endsWith('/v1/logs')) {
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/logs`;
  }
  return url;
}
