import { isTooLarge, retryAfterMillis } from '../../export/index.ts';
import { RETRYABLE_HTTP } from '../../otlp/index.ts';
import { partialSuccessOf } from './partial-success.ts';

/** How a server answered a request, or why there was no answer. */
export type Answer =
  /** Accepted; for a partial success, some records were rejected permanently. */
  | { readonly kind: 'taken'; readonly rejectedRecords: number; readonly message: string }
  /** The same request may succeed later. */
  | { readonly kind: 'later'; readonly afterMillis: number; readonly message: string }
  /** The same records may be accepted in smaller requests. */
  | { readonly kind: 'too_large'; readonly cause: string; readonly message: string }
  /** These records will never be accepted. */
  | { readonly kind: 'refused'; readonly cause: string; readonly message: string }
  /** Nothing is accepted until the configuration changes: credentials, address or service. */
  | { readonly kind: 'misconfigured'; readonly message: string };

/** Sends requests to a server, one at a time. */
export interface Transport {
  /** Never rejects because of a server's answer. @throws the signal's reason when it is aborted */
  send(request: Uint8Array, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

const GRPC_NAMES = [
  ...['ok', 'cancelled', 'unknown', 'invalid_argument', 'deadline_exceeded', 'not_found', 'already_exists'],
  ...[
    'permission_denied',
    'resource_exhausted',
    'failed_precondition',
    'aborted',
    'out_of_range',
    'unimplemented',
  ],
  ...['internal', 'unavailable', 'data_loss', 'unauthenticated'],
];
const GRPC_MISCONFIGURED = [7, 12, 16];
const HTTP_MISCONFIGURED = [401, 402, 403, 404, 405, 407, 415, 421, 426, 501, 505, 511];

/** Interprets a gRPC status by the OTLP specification ("OTLP/gRPC", "Failures"). */
export function grpcAnswer(error: {
  readonly code: number;
  readonly details: string;
  readonly message: string;
}): Answer {
  const message = `${(GRPC_NAMES[error.code] ?? String(error.code)).toUpperCase()}: ${error.details || error.message}`;
  const cause = `grpc_${GRPC_NAMES[error.code] ?? error.code}`;
  if (isTooLarge(error.code, error.details)) return { kind: 'too_large', cause, message };
  const afterMillis = retryAfterMillis(error);
  if (afterMillis !== undefined) return { kind: 'later', afterMillis, message };
  if (GRPC_MISCONFIGURED.includes(error.code)) return { kind: 'misconfigured', message };
  return { kind: 'refused', cause, message };
}

/** Interprets an HTTP response by the OTLP specification ("OTLP/HTTP", "Failures"). */
export function httpAnswer(
  status: number,
  headers: { readonly 'retry-after'?: string | undefined; readonly 'content-type'?: string | undefined },
  body: Buffer,
  nowMillis: number,
): Answer {
  if (status >= 200 && status < 300) return takenAnswer(body, headers['content-type'] ?? '');
  const message = `HTTP ${status}${isText(headers['content-type']) ? `: ${body.toString('utf8', 0, 200).trim()}` : ''}`;
  const cause = `http_${status}`;
  if (isTooLarge(status, undefined)) return { kind: 'too_large', cause, message };
  if (RETRYABLE_HTTP.includes(status)) {
    return { kind: 'later', afterMillis: retryAfterHeaderMillis(headers['retry-after'], nowMillis), message };
  }
  if (status < 400 || HTTP_MISCONFIGURED.includes(status)) return { kind: 'misconfigured', message };
  return { kind: 'refused', cause, message };
}

/** Interprets a 2xx response of OTLP/HTTP, or a gRPC response (protobuf). */
export function takenAnswer(body: Buffer, contentType: string): Answer {
  return { kind: 'taken', ...partialSuccessOf(body, contentType) };
}

/** Parses `Retry-After` (RFC 9110 10.2.3): seconds, or a date. 0 if it is missing or invalid. */
export function retryAfterHeaderMillis(value: string | undefined, nowMillis: number): number {
  if (value === undefined) return 0;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? 0 : Math.max(0, date - nowMillis);
}

function isText(contentType: string | undefined): boolean {
  return contentType !== undefined && /^(text\/plain|application\/json)/i.test(contentType);
}
