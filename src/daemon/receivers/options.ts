import {
  checkKnown,
  shown,
  trueOrFalse,
  wholeNumber,
  withDefaults,
  withMethods,
} from '../../record/index.ts';
import type { ListenAddress, LoadedTls } from '../config/index.ts';
import { isLoopback } from '../config/index.ts';
import type { Intake } from '../contract.ts';

/** What both OTLP receivers are told. */
export interface OtlpReceiverOptions {
  readonly address: ListenAddress;
  /** Where batches go. */
  readonly intake: Intake;
  /** Most bytes of a request, after decompression. From 1,024; default 64 MiB, as the OTLP specification advises. */
  readonly maxRequestBytes?: number | undefined;
  /** Most bytes of all requests that are being read or wait for the journal. Default: 256 MiB. */
  readonly maxInFlightBytes?: number | undefined;
  /** Clients have to send it: `Authorization: Bearer <token>`. */
  readonly token?: string | undefined;
  readonly tls?: LoadedTls | undefined;
  /** Listens beyond this machine without TLS and token. Default: false. */
  readonly insecure?: boolean | undefined;
  /** The name of the address's setting, for messages. */
  readonly setting: string;
  /** A client that is slower with its headers, in gRPC with its first byte, is cut off, milliseconds. From 1; default 10,000. */
  readonly headersMillis?: number | undefined;
  /** HTTP only: one that is slower with the whole request. From `headersMillis`; default 60,000. */
  readonly requestMillis?: number | undefined;
}

export type ResolvedOtlpReceiverOptions = OtlpReceiverOptions & {
  readonly maxRequestBytes: number;
  readonly maxInFlightBytes: number;
  readonly headersMillis: number;
  readonly requestMillis: number;
};

const MEBIBYTE = 2 ** 20;
const defaults = {
  maxRequestBytes: 64 * MEBIBYTE,
  maxInFlightBytes: 256 * MEBIBYTE,
  insecure: false,
  headersMillis: 10_000,
  requestMillis: 60_000,
};
const KNOWN = ['address', 'intake', 'token', 'tls', 'setting', ...Object.keys(defaults)];

/** @throws TypeError or RangeError with option, wish and value */
export function resolveOtlpReceiver(where: string, given: OtlpReceiverOptions): ResolvedOtlpReceiverOptions {
  checkKnown(where, given, KNOWN);
  const options = withDefaults(defaults, given as Partial<typeof defaults>);
  const { address, intake, token, tls, setting } = given;
  withMethods('intake', intake, ['append', 'lastSeq']);
  wholeNumber('maxRequestBytes', options.maxRequestBytes, 1_024);
  wholeNumber('maxInFlightBytes', options.maxInFlightBytes, options.maxRequestBytes);
  wholeNumber('headersMillis', options.headersMillis, 1);
  wholeNumber('requestMillis', options.requestMillis, options.headersMillis);
  trueOrFalse('insecure', options.insecure);
  if (token !== undefined && (typeof token !== 'string' || token === '')) {
    throw new TypeError(`token must be a text, got ${shown(typeof token)}`);
  }
  const isPrivate = tls !== undefined && (token !== undefined || tls.ca !== undefined);
  if (!isLoopback(address.host) && !isPrivate && !options.insecure) {
    throw new Error(
      `${setting}: ${address.host} is reached from other machines, which needs tls, and a token or clientCaFile; insecure: true does without`,
    );
  }
  return { ...given, ...options };
}
