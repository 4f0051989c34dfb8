/** The remote end of a connection. */
export interface Sender {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Describes a request for the log. @param sender undefined: the connection is closed already */
export function requestOf(sender: Sender | undefined): string {
  const { remoteAddress = 'a client', remotePort } = sender ?? {};
  return `a request of ${remoteAddress}${remotePort === undefined ? '' : ` port ${remotePort}`}`;
}

/** The gRPC codes that OTLP uses. */
export const RpcCode = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/**
 * The causes for which a request is refused, with the answer of each protocol. Clients retry after 429, 502,
 * 503 and 504, and after CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE and DATA_LOSS (OTLP
 * specification, "Failures" of OTLP/gRPC and OTLP/HTTP). A cause has one of these if the same request may be
 * accepted later.
 */
const answers = {
  /** The body is not OTLP, or does not match the headers. */
  malformed: { http: 400, rpc: RpcCode.INVALID_ARGUMENT },
  /** The connection ended before the request was complete, so no client reads the answer. */
  aborted: { http: 400, rpc: RpcCode.CANCELLED },
  unauthorized: { http: 401, rpc: RpcCode.UNAUTHENTICATED },
  /** The request names another host, or comes from a web page. */
  forbidden: { http: 403, rpc: RpcCode.PERMISSION_DENIED },
  path: { http: 404, rpc: RpcCode.UNIMPLEMENTED },
  method: { http: 405, rpc: RpcCode.UNIMPLEMENTED },
  /** The body did not arrive in time. */
  timeout: { http: 503, rpc: RpcCode.DEADLINE_EXCEEDED },
  too_large: { http: 413, rpc: RpcCode.RESOURCE_EXHAUSTED },
  content_type: { http: 415, rpc: RpcCode.INVALID_ARGUMENT },
  encoding: { http: 415, rpc: RpcCode.UNIMPLEMENTED },
  /** An internal error of the daemon. */
  internal: { http: 500, rpc: RpcCode.INTERNAL },
  /** Too many requests are in flight. */
  busy: { http: 503, rpc: RpcCode.UNAVAILABLE },
  /** The journal has no room, or a sink must catch up first. */
  full: { http: 503, rpc: RpcCode.UNAVAILABLE },
  /** The journal has failed. The daemon ends; the request may be accepted after the next start. */
  journal: { http: 503, rpc: RpcCode.UNAVAILABLE },
  stopping: { http: 503, rpc: RpcCode.UNAVAILABLE },
} as const;

/** Why a request was refused, as a label for counters. */
export type RefusalCause = keyof typeof answers;

/** A refused request, with the answer for its sender. */
export interface Refusal {
  readonly kind: 'refused';
  readonly cause: RefusalCause;
  readonly message: string;
  /** Set only for answers after which clients retry. */
  readonly retryAfterMillis?: number | undefined;
}

const RETRY_MILLIS = 1_000;

/** @param retryAfterMillis when to retry; ignored for causes that are not retryable */
export function refusal(cause: RefusalCause, message: string, retryAfterMillis = RETRY_MILLIS): Refusal {
  if (answers[cause].http !== 503) return { kind: 'refused', cause, message };
  return { kind: 'refused', cause, message, retryAfterMillis };
}

export function httpStatus({ cause }: Refusal): number {
  return answers[cause].http;
}

export function rpcCode({ cause }: Refusal): number {
  return answers[cause].rpc;
}
