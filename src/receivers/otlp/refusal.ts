/** The other end of a connection. */
export interface Sender {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** A request as the log names it. @param sender undefined: its connection is closed already */
export function requestOf(sender: Sender | undefined): string {
  const { remoteAddress = 'a client', remotePort } = sender ?? {};
  return `a request of ${remoteAddress}${remotePort === undefined ? '' : ` port ${remotePort}`}`;
}

/** Codes of gRPC that OTLP answers with. */
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
 * Every cause for which a request is not taken, and what each protocol answers. Clients retry what got 429,
 * 502, 503 or 504, and CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE or DATA_LOSS (OTLP
 * specification, "Failures" of OTLP/gRPC and OTLP/HTTP). A cause has one of these if the same request may be
 * taken later.
 */
const answers = {
  /** It is not OTLP, or not what its headers say. */
  malformed: { http: 400, rpc: RpcCode.INVALID_ARGUMENT },
  /** It ended before its end. Nobody is left to read this. */
  aborted: { http: 400, rpc: RpcCode.CANCELLED },
  unauthorized: { http: 401, rpc: RpcCode.UNAUTHENTICATED },
  /** It names another host, or comes from a web page. */
  forbidden: { http: 403, rpc: RpcCode.PERMISSION_DENIED },
  path: { http: 404, rpc: RpcCode.UNIMPLEMENTED },
  method: { http: 405, rpc: RpcCode.UNIMPLEMENTED },
  /** Its body did not come in time. */
  timeout: { http: 503, rpc: RpcCode.DEADLINE_EXCEEDED },
  too_large: { http: 413, rpc: RpcCode.RESOURCE_EXHAUSTED },
  content_type: { http: 415, rpc: RpcCode.INVALID_ARGUMENT },
  encoding: { http: 415, rpc: RpcCode.UNIMPLEMENTED },
  /** A fault of ours. */
  internal: { http: 500, rpc: RpcCode.INTERNAL },
  /** Too much is under way. */
  busy: { http: 503, rpc: RpcCode.UNAVAILABLE },
  /** The journal has no room, or a sink must catch up first. */
  full: { http: 503, rpc: RpcCode.UNAVAILABLE },
  /** The journal has failed: the daemon ends, and takes the request after its next start. */
  journal: { http: 503, rpc: RpcCode.UNAVAILABLE },
  stopping: { http: 503, rpc: RpcCode.UNAVAILABLE },
} as const;

/** Why a request was not taken: a fixed word, for the counters. */
export type RefusalCause = keyof typeof answers;

/** A request that is not taken, and the answer to its sender. */
export interface Refusal {
  readonly kind: 'refused';
  readonly cause: RefusalCause;
  readonly message: string;
  /** Only with an answer that clients repeat. */
  readonly retryAfterMillis?: number | undefined;
}

const RETRY_MILLIS = 1_000;

/** @param retryAfterMillis when to come again; without it a second, where coming again is of use */
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
