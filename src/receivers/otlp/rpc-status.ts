const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/** `google.rpc.Status` in protobuf: code = 1, message = 2, details = 3. */
export function statusBytes(code: number, message: string, retryAfterMillis?: number): Buffer {
  const parts = [varintField(1, code), bytesField(2, Buffer.from(message, 'utf8'))];
  if (retryAfterMillis !== undefined) parts.push(bytesField(3, anyRetryInfo(retryAfterMillis)));
  return Buffer.concat(parts);
}

/** `google.protobuf.Any` of a `google.rpc.RetryInfo { retry_delay = 1 }`, a Duration of seconds = 1, nanos = 2. */
function anyRetryInfo(millis: number): Buffer {
  const seconds = Math.floor(millis / 1_000);
  const nanos = Math.round((millis % 1_000) * 1_000_000);
  const duration = Buffer.concat([varintField(1, seconds), varintField(2, nanos)]);
  return Buffer.concat([bytesField(1, Buffer.from(RETRY_INFO)), bytesField(2, bytesField(1, duration))]);
}

function varintField(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.from([field << 3, ...varint(value)]);
}

function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}
