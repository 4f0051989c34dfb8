// Writes the few protobuf messages with which an OTLP receiver answers.

/** `ExportLogsServiceResponse` of a request that was taken whole. */
export const fullSuccess = Buffer.alloc(0);

/**
 * `ExportLogsServiceResponse` of a request of which some records were refused.
 *
 * @param {number} rejectedLogRecords
 * @param {string} errorMessage
 */
export function partialSuccess(rejectedLogRecords, errorMessage) {
  return bytesField(
    1,
    Buffer.concat([varintField(1, rejectedLogRecords), bytesField(2, Buffer.from(errorMessage))]),
  );
}

/**
 * `google.rpc.Status` with a `RetryInfo`, the value of the trailer `grpc-status-details-bin`: which says to a sender
 * how long to wait.
 *
 * @param {number} code
 * @param {string} message
 * @param {number} retryDelayMillis
 */
export function statusWithRetryInfo(code, message, retryDelayMillis) {
  const seconds = Math.floor(retryDelayMillis / 1000);
  const nanos = Math.round((retryDelayMillis - seconds * 1000) * 1e6);
  const duration = Buffer.concat([varintField(1, seconds), varintField(2, nanos)]);
  const detail = Buffer.concat([
    bytesField(1, Buffer.from('type.googleapis.com/google.rpc.RetryInfo')),
    bytesField(2, bytesField(1, duration)),
  ]);
  return Buffer.concat([varintField(1, code), bytesField(2, Buffer.from(message)), bytesField(3, detail)]);
}

/** @param {number} number @param {number} value */
function varintField(number, value) {
  return Buffer.from([...varint(number * 8), ...varint(value)]);
}

/** @param {number} number @param {Uint8Array} bytes */
function bytesField(number, bytes) {
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

/** @param {number} value a whole number, not negative */
function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
}
