/**
 * What a failed export says about trying again: whether it is of use, and how long the server wants to be
 * left alone. The rules are those of the OTLP specification ("Failures" of OTLP/gRPC and OTLP/HTTP); the wait
 * of a gRPC server is a `google.rpc.RetryInfo` in the trailer `grpc-status-details-bin`.
 */

import { isTooLarge } from './too-large.ts';

// CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS.
const GRPC_RETRYABLE: readonly number[] = [1, 4, 10, 11, 14, 15];
const GRPC_RESOURCE_EXHAUSTED = 8;
const HTTP_RETRYABLE: readonly number[] = [429, 502, 503, 504];
const NETWORK_RETRYABLE: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  // Of fetch. Its other UND_ERR_ codes are mistakes of the caller or a client that was closed.
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);
// The OTLP exporters of OpenTelemetry JS give these errors no code: the second is OTLP/HTTP after five tries of
// its own at 429, 502, 503 or 504, the third is its time-out.
const MESSAGES_RETRYABLE: ReadonlySet<string> = new Set([
  'Concurrent export limit reached',
  'Export failed with retryable status',
  'Request timed out',
]);
const MAX_CAUSES = 8;
const MAX_STATUS_BYTES = 65_536;
// The bound of google.protobuf.Duration: 10,000 years.
const MAX_SECONDS = 315_576_000_000n;

/**
 * Whether an export that failed with `error` is worth another try.
 * @returns the least wait in milliseconds that the server asked for, 0 if it asked for none; undefined: not
 *   worth it, or nothing known that would make it so
 */
export function retryAfterMillis(error: unknown): number | undefined {
  try {
    let current = error;
    for (let depth = 0; depth < MAX_CAUSES && typeof current === 'object' && current !== null; depth++) {
      const { code, message, metadata, cause } = current as Record<string, unknown>;
      if (isTooLarge(code, message)) return undefined;
      if (typeof code === 'number') return ofStatusCode(code, metadata);
      if (typeof code === 'string' && NETWORK_RETRYABLE.has(code)) return 0;
      if (typeof message === 'string' && MESSAGES_RETRYABLE.has(message)) return 0;
      current = cause;
    }
  } catch {
    // A getter of the error threw: then it says nothing.
  }
  return undefined;
}

/** gRPC codes end at 16 and HTTP's begin at 100, so that one number tells which it is. */
function ofStatusCode(code: number, metadata: unknown): number | undefined {
  if (HTTP_RETRYABLE.includes(code) || GRPC_RETRYABLE.includes(code)) return askedByServer(metadata) ?? 0;
  // Only a server that names a time says that it will recover.
  if (code === GRPC_RESOURCE_EXHAUSTED) return askedByServer(metadata);
  return undefined;
}

function askedByServer(metadata: unknown): number | undefined {
  const { get } = (metadata ?? {}) as { get?: unknown };
  if (typeof get !== 'function') return undefined;
  const values: unknown = get.call(metadata, 'grpc-status-details-bin');
  const status: unknown = Array.isArray(values) ? values[0] : undefined;
  return status instanceof Uint8Array ? retryInfoMillis(status) : undefined;
}

/**
 * The wait that a `google.rpc.Status` asks for in a detail of type `google.rpc.RetryInfo`.
 * @param status the bytes of the message; more than 64 KiB are not looked at
 * @returns milliseconds, 0 if the wait is absent or negative; undefined without RetryInfo, and for bytes that
 *   are not such a message. Never throws.
 */
export function retryInfoMillis(status: Uint8Array): number | undefined {
  if (status.length > MAX_STATUS_BYTES) return undefined;
  try {
    for (const any of messages(status, 3)) {
      const typeUrl = messages(any, 1).at(-1);
      if (typeUrl === undefined || !/(^|\/)google\.rpc\.RetryInfo$/.test(text.decode(typeUrl))) continue;
      const retryInfo = messages(any, 2).at(-1) ?? new Uint8Array();
      const duration = messages(retryInfo, 1).at(-1) ?? new Uint8Array();
      return durationMillis(integer(duration, 1), integer(duration, 2));
    }
  } catch {
    // Not protobuf, or not these messages.
  }
  return undefined;
}

function durationMillis(seconds: bigint, nanos: bigint): number | undefined {
  if (seconds < 0n || nanos < 0n) return 0;
  if (seconds > MAX_SECONDS || nanos > 999_999_999n) return undefined;
  return Number(seconds) * 1000 + Math.ceil(Number(nanos) / 1e6);
}

const text = new TextDecoder();

interface Field {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** The length-delimited values of one field, in their order. */
function messages(bytes: Uint8Array, fieldNumber: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const { number, value } of fields(bytes)) {
    if (number === fieldNumber && value instanceof Uint8Array) found.push(value);
  }
  return found;
}

/** The last value of an integer field, 0 without one, as protobuf has it. */
function integer(bytes: Uint8Array, fieldNumber: number): bigint {
  let found = 0n;
  for (const { number, value } of fields(bytes)) {
    if (number === fieldNumber && typeof value === 'bigint') found = BigInt.asIntN(64, value);
  }
  return found;
}

/**
 * The fields of a protobuf message.
 * @throws RangeError where the bytes are not one; groups, long out of use, count as that
 */
function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError('a varint without end');
  };
  const slice = (length: bigint): Uint8Array => {
    if (length > BigInt(bytes.length - at)) throw new RangeError('a field past the end');
    const start = at;
    at += Number(length);
    return bytes.subarray(start, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    if (number === 0) throw new RangeError('field number 0');
    if (wireType === 0) found.push({ number, value: varint() });
    else if (wireType === 1) slice(8n);
    else if (wireType === 2) found.push({ number, value: slice(varint()) });
    else if (wireType === 5) slice(4n);
    else throw new RangeError(`wire type ${wireType}`);
  }
  return found;
}
