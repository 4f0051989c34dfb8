/**
 * Status codes after which a client may retry a request (OTLP specification, "Failures" of OTLP/gRPC and
 * OTLP/HTTP). RESOURCE_EXHAUSTED (8) is retryable only with a RetryInfo, which signals that the server can
 * recover.
 */

/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
export const RETRYABLE_RPC: readonly number[] = [1, 4, 10, 11, 14, 15];
export const RETRYABLE_HTTP: readonly number[] = [429, 502, 503, 504];
