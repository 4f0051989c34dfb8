import type { Intake, OwnLog } from '../../component/index.ts';
import type { ListenAddress, LoadedTls } from '../../net/index.ts';
import { isLoopback } from '../../net/index.ts';
import {
  checkKnown,
  shown,
  trueOrFalse,
  wholeNumber,
  withDefaults,
  withMethods,
} from '../../settings/index.ts';

/** What both OTLP receivers are told. */
export interface OtlpReceiverOptions {
  readonly address: ListenAddress;
  /** Where batches go. */
  readonly intake: Intake;
  /** Most bytes of a request, after decompression. From 1,024; default 64 MiB, as the OTLP specification advises. */
  readonly maxRequestBytes?: number | undefined;
  /**
   * Most bytes of a request in JSON, decompressed. Reading JSON takes up to a hundred times its size in memory, and a
   * second for two MiB, if somebody makes it so. From 1,024; default 8 MiB, 10,000 records; never more than
   * `maxRequestBytes`.
   */
  readonly maxJsonBytes?: number | undefined;
  /**
   * Most bytes of all requests that are being read or wait for the journal; what comes beyond is told to come again.
   * At least, and by default, twice `maxRequestBytes`, and by default no less than 128 MiB.
   */
  readonly maxInFlightBytes?: number | undefined;
  /** Most connections at a time; what comes beyond is closed. From 1; default 4,096. */
  readonly maxConnections?: number | undefined;
  /** How long a client may take for one request, milliseconds from 1. Default: 60,000. */
  readonly requestMillis?: number | undefined;
  /** How long a client may take for the headers, and for the first bytes. From 1; default 10,000. */
  readonly headersMillis?: number | undefined;
  /** Clients have to send it: `Authorization: Bearer <token>`. */
  readonly token?: string | undefined;
  readonly tls?: LoadedTls | undefined;
  /** Listens beyond this machine without TLS and token. Default: false. */
  readonly insecure?: boolean | undefined;
  /** The name of the address's setting, for messages. */
  readonly setting: string;
  /** Where it is logged what was refused. Default: nowhere. */
  readonly log?: OwnLog | undefined;
}

const limits = {
  maxRequestBytes: 64 * 2 ** 20,
  maxJsonBytes: 8 * 2 ** 20,
  maxInFlightBytes: 0,
  maxConnections: 4_096,
  requestMillis: 60_000,
  headersMillis: 10_000,
};
const MIN_IN_FLIGHT = 128 * 2 ** 20;
const KNOWN = ['address', 'intake', 'log', 'token', 'tls', 'setting', 'insecure', ...Object.keys(limits)];

export type ResolvedOtlpReceiverOptions = OtlpReceiverOptions & typeof limits;

/** @throws TypeError or RangeError with option, wish and value */
export function resolveOtlpReceiver(where: string, given: OtlpReceiverOptions): ResolvedOtlpReceiverOptions {
  checkKnown(where, given, KNOWN);
  const { address, intake, token, tls, setting, insecure = false } = given;
  withMethods('intake', intake, ['append', 'lastSeq']);
  trueOrFalse('insecure', insecure);
  if (token !== undefined && (typeof token !== 'string' || token === '')) {
    throw new TypeError(`token must be a text that is not empty, got ${shown(typeof token)}`);
  }
  checkExposure(setting, { host: address.host, token, tls, insecure });
  const numbers: typeof limits = withDefaults(limits, pick(given));
  const { maxRequestBytes } = numbers;
  const atLeast = 2 * wholeNumber('maxRequestBytes', maxRequestBytes, 1_024);
  wholeNumber('maxJsonBytes', numbers.maxJsonBytes, 1_024);
  numbers.maxJsonBytes = Math.min(numbers.maxJsonBytes, maxRequestBytes);
  if (given.maxInFlightBytes === undefined) numbers.maxInFlightBytes = Math.max(MIN_IN_FLIGHT, atLeast);
  wholeNumber('maxInFlightBytes', numbers.maxInFlightBytes, atLeast);
  for (const name of ['maxConnections', 'requestMillis', 'headersMillis'] as const) {
    wholeNumber(name, numbers[name], 1);
  }
  return { ...given, ...numbers };
}

/** How a listener is protected. */
export interface Exposure {
  readonly host: string;
  readonly token?: string | undefined;
  readonly tls?: LoadedTls | undefined;
  readonly insecure?: boolean | undefined;
}

/**
 * Beyond this machine a listener needs TLS, and to know its clients by a token or by their certificates.
 * @param setting the name of the address's setting
 * @throws Error that says what to set
 */
export function checkExposure(setting: string, { host, token, tls, insecure = false }: Exposure): void {
  if (insecure || isLoopback(host)) return;
  if (tls !== undefined && (token !== undefined || tls.ca !== undefined)) return;
  throw new Error(
    `${setting}: ${host} is reached from other machines, which needs tls, and a token or clientCaFile; insecure: true does without`,
  );
}

function pick(given: OtlpReceiverOptions): Partial<typeof limits> {
  const found: Partial<typeof limits> = {};
  for (const name of Object.keys(limits) as (keyof typeof limits)[]) {
    const value = given[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}
