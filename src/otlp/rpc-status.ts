import { ProtobufReader } from './protobuf-reader.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';
const RETRY_INFO_URL = /(^|\/)google\.rpc\.RetryInfo$/;
const MAX_STATUS_BYTES = 65_536;
/** The bound of google.protobuf.Duration: 10,000 years. */
const MAX_SECONDS = 315_576_000_000;
/** Tags of the fields 1 to 3, as varint and as length-delimited fields. */
const NUMBER = [0, 1 << 3, 2 << 3] as const;
const MESSAGE = [0, (1 << 3) | 2, (2 << 3) | 2, (3 << 3) | 2] as const;

/** `ExportLogsServiceResponse`. A warning is sent as a partial success that rejects no records. */
export function responseBytes(warning: string | undefined): Uint8Array {
  const out = new ProtobufWriter(64);
  if (warning !== undefined) message(out, 1, () => text(out, 2, warning));
  return out.copy();
}

/** `google.rpc.Status` in protobuf: code = 1, message = 2, details = 3. */
export function statusBytes(code: number, description: string, retryAfterMillis?: number): Buffer {
  const out = new ProtobufWriter(256);
  number(out, 1, code);
  text(out, 2, description);
  if (retryAfterMillis !== undefined) {
    const millis = Math.ceil(retryAfterMillis);
    // `google.protobuf.Any` of a `google.rpc.RetryInfo { retry_delay = 1 }`, a Duration of seconds = 1, nanos
    // = 2.
    message(out, 3, () => {
      text(out, 1, RETRY_INFO);
      message(out, 2, () =>
        message(out, 1, () => {
          number(out, 1, Math.floor(millis / 1_000));
          number(out, 2, (millis % 1_000) * 1_000_000);
        }),
      );
    });
  }
  return Buffer.from(out.copy());
}

/**
 * The retry delay in the `google.rpc.RetryInfo` detail of a `google.rpc.Status`.
 * @param status the bytes of the message; messages over 64 KiB are ignored
 * @returns milliseconds, 0 if the delay is absent or negative; undefined without RetryInfo, and for bytes
 * that are not such a message. Never throws.
 */
export function retryInfoMillis(status: Uint8Array): number | undefined {
  if (status.length > MAX_STATUS_BYTES) return undefined;
  try {
    for (const any of fieldsOf(status, MESSAGE[3])) {
      const url = fieldsOf(any as Uint8Array, MESSAGE[1]).at(-1) as Uint8Array | undefined;
      if (url === undefined || !RETRY_INFO_URL.test(Buffer.from(url).toString('utf8'))) continue;
      const retryInfo = fieldsOf(any as Uint8Array, MESSAGE[2]).at(-1) ?? new Uint8Array();
      const duration = fieldsOf(retryInfo as Uint8Array, MESSAGE[1]).at(-1) ?? new Uint8Array();
      const seconds = Number(fieldsOf(duration as Uint8Array, NUMBER[1]).at(-1) ?? 0);
      const nanos = Number(fieldsOf(duration as Uint8Array, NUMBER[2]).at(-1) ?? 0);
      if (seconds < 0 || nanos < 0) return 0;
      if (seconds > MAX_SECONDS || nanos > 999_999_999) return undefined;
      return seconds * 1_000 + Math.ceil(nanos / 1e6);
    }
  } catch {
    // Not protobuf, or not these messages.
  }
  return undefined;
}

/** The values of all fields with one tag: 64-bit integers or bytes. @throws WireError */
function fieldsOf(bytes: Uint8Array, wanted: number): (Uint8Array | number | bigint)[] {
  const reader = new ProtobufReader(bytes);
  const found: (Uint8Array | number | bigint)[] = [];
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag !== wanted) reader.skip(tag, bytes.length);
    else found.push((tag & 7) === 0 ? reader.int64(bytes.length) : reader.bytes(bytes.length));
  }
  return found;
}

function number(out: ProtobufWriter, field: 1 | 2, value: number): void {
  if (value === 0) return;
  out.reserve(16);
  out.put(NUMBER[field]);
  out.putVarint(value);
}

function text(out: ProtobufWriter, field: 1 | 2, value: string): void {
  out.reserve(1);
  out.put(MESSAGE[field]);
  out.text(value);
}

function message(out: ProtobufWriter, field: 1 | 2 | 3, write: () => void): void {
  out.reserve(1);
  out.put(MESSAGE[field]);
  const start = out.begin(1);
  write();
  out.end(start, 1);
}
