import { ProtobufWriter } from '../../otlp/index.ts';

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';
/** Tags of the fields 1 to 3, as a varint or with a length. */
const NUMBER = [0, 1 << 3, 2 << 3] as const;
const MESSAGE = [0, (1 << 3) | 2, (2 << 3) | 2, (3 << 3) | 2] as const;

/** `ExportLogsServiceResponse`, with a partial success that rejects nothing where there is a warning. */
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
    // `google.protobuf.Any` of a `google.rpc.RetryInfo { retry_delay = 1 }`, a Duration of seconds = 1, nanos = 2.
    message(out, 3, () => {
      text(out, 1, RETRY_INFO);
      message(out, 2, () =>
        message(out, 1, () => {
          number(out, 1, Math.floor(retryAfterMillis / 1_000));
          number(out, 2, Math.round((retryAfterMillis % 1_000) * 1_000_000));
        }),
      );
    });
  }
  return Buffer.from(out.copy());
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
