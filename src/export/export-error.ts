/**
 * What a failed export says: whether to try again and when, whether the request was too large, whether the
 * server refused its content, and why. The rules are those of the OTLP specification ("Failures" of OTLP/gRPC
 * and OTLP/HTTP). Errors are looked through along their `cause`, and one whose getters throw says nothing.
 */
import { RETRYABLE_HTTP, RETRYABLE_RPC, retryInfoMillis } from '../otlp/index.ts';
import { errorText } from '../record/index.ts';

const GRPC_INVALID_ARGUMENT = 3;
const GRPC_RESOURCE_EXHAUSTED = 8;
const GRPC_INTERNAL = 13;
const HTTP_REFUSED: readonly number[] = [400, 422];
const HTTP_PAYLOAD_TOO_LARGE = 413;
/** What gRPC in Go, C++, JavaScript, Java and Rust says of a request over its size limit. */
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
  // Of fetch. Its other UND_ERR_ codes are mistakes of the caller or a client that was closed.
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);
// The OTLP exporters of OpenTelemetry JS give these errors no code: the second is OTLP/HTTP after five tries
// of its own at 429, 502, 503 or 504, the third is its time-out.
const MESSAGES_RETRYABLE: ReadonlySet<string> = new Set([
  'Concurrent export limit reached',
  'Export failed with retryable status',
  'Request timed out',
]);
const MAX_CAUSES = 8;
const MAX_REASON_LENGTH = 500;

/** The parts of an error that say something. */
type ErrorParts = Readonly<Record<'code' | 'message' | 'metadata' | 'data', unknown>>;

/**
 * Whether an export that failed with `error` is worth another try.
 * @returns the least wait in milliseconds that the server asked for, 0 if it asked for none; undefined: not
 *   worth it, or nothing known that would make it so
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

/** Whether a failed export failed for its size: then trying it again is no use, and halving it is. */
export function isTooLarge(code: unknown, message: unknown): boolean {
  return code === HTTP_PAYLOAD_TOO_LARGE || (typeof message === 'string' && TOO_LARGE.test(message));
}

/** What to make of an export that failed permanently. */
export type Refusal = 'too_large' | 'content' | undefined;

/**
 * Whether the server refused a request for its size, or for its content, so that parts of it may be accepted.
 * Content that a gRPC server in Go cannot parse is INTERNAL to it.
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
 * A failed export in words, with the reason that the server gave: the OTLP/HTTP exporters keep the body of
 * the response in `data`. Never throws.
 */
export function exportErrorText(error: unknown): string {
  const [first] = causes(error);
  const reason = typeof first?.data === 'string' ? reasonIn(first.data) : '';
  const text = errorText(error);
  return reason === '' || text.includes(reason) ? text : `${text}: ${reason}`;
}

/** Of a `google.rpc.Status` in JSON its message; of any other response, protobuf too, what can be printed. */
function reasonIn(data: string): string {
  const start = data.slice(0, 8 * MAX_REASON_LENGTH);
  try {
    const { message } = JSON.parse(start) as { readonly message?: unknown };
    if (typeof message === 'string') return printable(message);
  } catch {
    // It is not JSON, or it is more of it than anybody reads.
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

/** gRPC codes end at 16 and HTTP's begin at 100, so the number shows which of the two it is. */
function ofStatusCode(code: number, metadata: unknown): number | undefined {
  if (RETRYABLE_HTTP.includes(code) || RETRYABLE_RPC.includes(code)) return askedByServer(metadata) ?? 0;
  // Only a server that names a time says that it will recover.
  if (code === GRPC_RESOURCE_EXHAUSTED) return askedByServer(metadata);
  return undefined;
}

/** Undefined as well where there is no metadata, or none that can be read. */
function askedByServer(metadata: unknown): number | undefined {
  try {
    const values: unknown = (metadata as { get(key: string): unknown }).get('grpc-status-details-bin');
    const status: unknown = Array.isArray(values) ? values[0] : undefined;
    return status instanceof Uint8Array ? retryInfoMillis(status) : undefined;
  } catch {
    return undefined;
  }
}
