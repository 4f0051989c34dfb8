/** What gRPC in Go, C++, JavaScript, Java and Rust says of a request over its size limit, and HTTP 413. */
const TOO_LARGE = /larger than (max|\d)|too large|exceeds max/i;
const HTTP_PAYLOAD_TOO_LARGE = 413;

/** Whether a failed export failed for its size: then trying it again is no use, and halving it is. */
export function isTooLarge(code: unknown, message: unknown): boolean {
  return code === HTTP_PAYLOAD_TOO_LARGE || (typeof message === 'string' && TOO_LARGE.test(message));
}
