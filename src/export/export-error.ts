/**
 * Classifies the errors of failed exports: whether and when to retry, whether the request was too large,
 * whether the server refused its content, and the reason. The rules are those of the OTLP specification
 * ("Failures" of OTLP/gRPC and OTLP/HTTP). The `cause` chain of an error is searched; properties whose
 * getters throw are ignored.
 */
import { RETRYABLE_HTTP, RETRYABLE_RPC, retryInfoMillis } from '../otlp/index.ts';
import { errorText } from '../record/index.ts';

const GRPC_INVALID_ARGUMENT = 3;
const GRPC_RESOURCE_EXHAUSTED = 8;
const GRPC_INTERNAL = 13;
const HTTP_REFUSED: readonly number[] = [400, 422];
const HTTP_PAYLOAD_TOO_LARGE = 413;
/** Matches the messages of gRPC in Go, C++, JavaScript, Java and Rust for a request over the size limit. */
const TOO_LARGE = /larger than (max|\d)|too large|exceeds max/i;
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
  // Codes of fetch. Its other UND_ERR_ codes indicate an error of the caller or a closed client.
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);
// The OTLP exporters of OpenTelemetry JS set no code on these errors. The second is from OTLP/HTTP, after
// five attempts of its own with 429, 502, 503 or 504; the third is its timeout.
const MESSAGES_RETRYABLE: ReadonlySet<string> = new Set([
  'Concurrent export limit reached',
  'Export failed with retryable status',
  'Request timed out',
]);
const MAX_CAUSES = 8;
const MAX_REASON_LENGTH = 500;

/** The properties of an error that are used here. */
type ErrorParts = Readonly<Record<'code' | 'message' | 'metadata' | 'data', unknown>>;

/**
 * Decides whether an export that failed with `error` is retryable.
 * @returns the minimum wait in milliseconds that the server requested, 0 if it requested none; undefined if
 *   the error is not retryable or unknown
 */
export function retryAfterMillis(error: unknown): number | undefined {
  for (const { code, message, metadata } of causes(error)) {
    if (isTooLarge(code, message)) return undefined;
    if (typeof code === 'number') return ofStatusCode(code, metadata);
    if (typeof code === 'string' && NETWORK_RETRYABLE.has(code)) return 0;
    if (typeof message === 'string' && MESSAGES_RETRYABLE.has(message)) return 0;
  }
  return undefined;
}

/** Whether an export failed because of its size. It must then be halved instead of retried. */
export function isTooLarge(code: unknown, message: unknown): boolean {
  return code === HTTP_PAYLOAD_TOO_LARGE || (typeof message === 'string' && TOO_LARGE.test(message));
}

/** Why the server permanently refused an export, if parts of it may be accepted. */
export type Refusal = 'too_large' | 'content' | undefined;

/**
 * Decides whether the server refused a request because of its size or its content, so that parts of it may be
 * accepted. A gRPC server in Go answers INTERNAL to content that it cannot parse.
 */
export function refusalOf(error: unknown): Refusal {
  for (const { code, message } of causes(error)) {
    if (isTooLarge(code, message)) return 'too_large';
    if (typeof code !== 'number') continue;
    if (HTTP_REFUSED.includes(code) || code === GRPC_INVALID_ARGUMENT) return 'content';
    return code === GRPC_INTERNAL && /unmarshal/i.test(String(message)) ? 'content' : undefined;
  }
  return undefined;
}

/**
 * Returns the text of an export error, including the reason from the server's response, whose body the
 * OTLP/HTTP exporters store in `data`. Never throws.
 */
export function exportErrorText(error: unknown): string {
  const [first] = causes(error);
  const reason = typeof first?.data === 'string' ? reasonIn(first.data) : '';
  const text = errorText(error);
  return reason === '' || text.includes(reason) ? text : `${text}: ${reason}`;
}

/** Returns the message of a `google.rpc.Status` in JSON, or the printable part of any other response. */
function reasonIn(data: string): string {
  const start = data.slice(0, 8 * MAX_REASON_LENGTH);
  try {
    const { message } = JSON.parse(start) as { readonly message?: unknown };
    if (typeof message === 'string') return printable(message);
  } catch {
    // The response is not JSON, or it was truncated above.
  }
  return printable(start);
}

function printable(text: string): string {
  return text
    .replace(/[\p{C}\ufffd\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_REASON_LENGTH);
}

function causes(error: unknown): ErrorParts[] {
  const found: ErrorParts[] = [];
  let current = error;
  while (found.length < MAX_CAUSES && typeof current === 'object' && current !== null) {
    const part = partsOf(current);
    found.push({
      code: part('code'),
      message: part('message'),
      metadata: part('metadata'),
      data: part('data'),
    });
    current = part('cause');
  }
  return found;
}

function partsOf(error: object): (name: string) => unknown {
  return (name) => {
    try {
      return (error as Record<string, unknown>)[name];
    } catch {
      return undefined;
    }
  };
}

/** gRPC codes are at most 16 and HTTP codes at least 100, so the two do not collide. */
function ofStatusCode(code: number, metadata: unknown): number | undefined {
  if (RETRYABLE_HTTP.includes(code) || RETRYABLE_RPC.includes(code)) return requestedWait(metadata) ?? 0;
  // RESOURCE_EXHAUSTED is retryable only if the server sends RetryInfo.
  if (code === GRPC_RESOURCE_EXHAUSTED) return requestedWait(metadata);
  return undefined;
}

/** Returns the wait of the server's RetryInfo, or undefined if there is none or it cannot be read. */
function requestedWait(metadata: unknown): number | undefined {
  try {
    const values: unknown = (metadata as { get(key: string): unknown }).get('grpc-status-details-bin');
    const status: unknown = Array.isArray(values) ? values[0] : undefined;
    return status instanceof Uint8Array ? retryInfoMillis(status) : undefined;
  } catch {
    return undefined;
  }
}
