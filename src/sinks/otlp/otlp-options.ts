import type { OwnLog } from '../../component/index.ts';
import { type Clock, systemClock } from '../../record/index.ts';
import { checkKnown, checkObject, shown, trueOrFalse, wholeNumber } from '../../settings/index.ts';

/** TLS towards the receiving end, PEM. */
export interface OtlpTlsOptions {
  /** The authorities that may have signed its certificate. Default: those that Node.js knows. */
  readonly ca?: string | Buffer | undefined;
  /** Our certificate and its key, both or none. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** Takes any certificate of the receiving end; for tests. Default: false. */
  readonly insecure?: boolean | undefined;
}

export interface OtlpSinkOptions {
  /** `http://host:port`, or `https://` for TLS. With `http` a path may follow; `/v1/logs` is appended to it. */
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http';
  /** Sent along with each request. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: gzip (its fastest level for HTTP, where we choose). */
  readonly compression?: 'gzip' | 'none' | undefined;
  /** For one request, from 1. Default: 10,000 ms. */
  readonly timeoutMillis?: number | undefined;
  readonly tls?: OtlpTlsOptions | undefined;
  /**
   * Entries are put together, and long ones cut, to requests of at most so many bytes before compression, from 1,024.
   * Default: 4 MiB, which is what gRPC servers take.
   */
  readonly maxRequestBytes?: number | undefined;
  readonly log: OwnLog;
  readonly clock?: Clock | undefined;
}

export interface ResolvedOtlpOptions {
  readonly endpoint: URL;
  readonly protocol: 'grpc' | 'http';
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMillis: number;
  readonly tls: OtlpTlsOptions;
  readonly maxRequestBytes: number;
  readonly log: OwnLog;
  readonly clock: Clock;
}

const KNOWN = [
  ...[
    'endpoint',
    'protocol',
    'headers',
    'compression',
    'timeoutMillis',
    'tls',
    'maxRequestBytes',
    'log',
    'clock',
  ],
];

/** @throws TypeError or RangeError that names the option */
export function resolveOtlpOptions(options: OtlpSinkOptions): ResolvedOtlpOptions {
  checkKnown('OtlpSink', options, KNOWN);
  const { protocol, headers = {}, compression = 'gzip', tls = {}, log, clock = systemClock } = options;
  if (protocol !== 'grpc' && protocol !== 'http') {
    throw new TypeError(`protocol must be "grpc" or "http", got ${shown(protocol)}`);
  }
  if (compression !== 'gzip' && compression !== 'none') {
    throw new TypeError(`compression must be "gzip" or "none", got ${shown(compression)}`);
  }
  checkObject('headers', headers);
  checkKnown('tls', tls, ['ca', 'cert', 'key', 'insecure']);
  trueOrFalse('tls.insecure', tls.insecure ?? false);
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError('tls.cert and tls.key must be given both or not at all');
  }
  return {
    endpoint: endpointOf(options.endpoint, protocol),
    protocol,
    headers,
    compression,
    timeoutMillis: wholeNumber('timeoutMillis', options.timeoutMillis ?? 10_000, 1),
    tls,
    maxRequestBytes: wholeNumber('maxRequestBytes', options.maxRequestBytes ?? 4_194_304, 1_024),
    log,
    clock,
  };
}

function endpointOf(value: unknown, protocol: 'grpc' | 'http'): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TypeError(`endpoint must be a URL with http:// or https://, got ${shown(value)}`);
  }
  if (protocol === 'grpc') {
    if (url.pathname === '/' && url.search === '') return url;
    throw new TypeError(`endpoint must have no path with grpc, got ${shown(value)}`);
  }
  if (!url.pathname.endsWith('/v1/logs')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/logs`;
  return url;
}
