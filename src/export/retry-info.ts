const MAX_STATUS_BYTES = 65_536;
// The bound of google.protobuf.Duration: 10,000 years.
const MAX_SECONDS = 315_576_000_000n;

/**
 * The wait that a `google.rpc.Status` asks for in a detail of type `google.rpc.RetryInfo`.
 * @param status the bytes of the message; more than 64 KiB are not looked at
 * @returns milliseconds, 0 if the wait is absent or negative; undefined without RetryInfo, and for bytes that
 *   are not such a message. Never throws.
 */
export function retryInfoMillis(status: Uint8Array): number | undefined {
  if (status.length > MAX_STATUS_BYTES) return undefined;
  try {
    for (const any of messages(status, 3)) {
      const typeUrl = messages(any, 1).at(-1);
      if (typeUrl === undefined || !/(^|\/)google\.rpc\.RetryInfo$/.test(text.decode(typeUrl))) continue;
      const retryInfo = messages(any, 2).at(-1) ?? new Uint8Array();
      const duration = messages(retryInfo, 1).at(-1) ?? new Uint8Array();
      return durationMillis(integer(duration, 1), integer(duration, 2));
    }
  } catch {
    // Not protobuf, or not these messages.
  }
  return undefined;
}

function durationMillis(seconds: bigint, nanos: bigint): number | undefined {
  if (seconds < 0n || nanos < 0n) return 0;
  if (seconds > MAX_SECONDS || nanos > 999_999_999n) return undefined;
  return Number(seconds) * 1000 + Math.ceil(Number(nanos) / 1e6);
}

const text = new TextDecoder();

interface Field {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** The length-delimited values of one field, in their order. */
function messages(bytes: Uint8Array, fieldNumber: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const { number, value } of fields(bytes)) {
    if (number === fieldNumber && value instanceof Uint8Array) found.push(value);
  }
  return found;
}

/** The last value of an integer field, 0 without one, as protobuf has it. */
function integer(bytes: Uint8Array, fieldNumber: number): bigint {
  let found = 0n;
  for (const { number, value } of fields(bytes)) {
    if (number === fieldNumber && typeof value === 'bigint') found = BigInt.asIntN(64, value);
  }
  return found;
}

/**
 * The fields of a protobuf message.
 * @throws RangeError where the bytes are not one; groups, long out of use, count as that
 */
function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError('a varint without end');
  };
  const slice = (length: bigint): Uint8Array => {
    if (length > BigInt(bytes.length - at)) throw new RangeError('a field past the end');
    const start = at;
    at += Number(length);
    return bytes.subarray(start, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    if (number === 0) throw new RangeError('field number 0');
    if (wireType === 0) found.push({ number, value: varint() });
    else if (wireType === 1) slice(8n);
    else if (wireType === 2) found.push({ number, value: slice(varint()) });
    else if (wireType === 5) slice(4n);
    else throw new RangeError(`wire type ${wireType}`);
  }
  return found;
}
