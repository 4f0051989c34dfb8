/** So much more than a body may be kept in memory with it. */
const SLACK = 1 / 8;
const SLACK_BYTES = 512;

/**
 * The bytes in a buffer of their own: a view of what came with others would keep all of that in memory, and bounds in
 * bytes would not hold.
 */
export function owned(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer.byteLength - bytes.length <= Math.max(SLACK_BYTES, bytes.length * SLACK)) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
