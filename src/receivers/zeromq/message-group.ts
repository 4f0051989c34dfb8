import { RecordGrouper, readDistlog, TaskKeys } from '../../distlog-json/index.ts';
import { encodeDecoded, MAX_PART_VALUES, scanLogs } from '../../otlp/index.ts';

/** The records of a push mode message. */
export interface PushMessage {
  /** `ExportLogsServiceRequest`, protobuf. */
  readonly body: Uint8Array;
  readonly records: number;
}

/**
 * Decodes a message of push mode.
 * @throws if the body does not match its topic; the cause of a `WireError` is counted
 */
export type DecodeMessage = (topic: Uint8Array, body: Uint8Array) => PushMessage;

/** Messages of push mode that are appended to the journal together. */
export interface MessageGroup {
  readonly records: number;
  /** The total size of the messages. */
  readonly bytes: number;
  /** @throws if the body does not match its topic; the other messages are not affected */
  add(topic: Uint8Array, body: Uint8Array): void;
  /** Encodes the group as one `ExportLogsServiceRequest`. It must not be used afterwards. */
  encode(): Uint8Array;
}

/**
 * Messages of Python distlog, see `decodeDistlog`. Single records are grouped by resource and scope, and
 * encoded as protobuf once per group. OTLP is checked and passed on unchanged.
 */
export class DistlogGroup implements MessageGroup {
  readonly #pickle: boolean;
  readonly #bodies = new Bodies();
  readonly #placed = new RecordGrouper();
  readonly #keys = new TaskKeys();
  records = 0;
  bytes = 0;

  constructor(options: { readonly pickle: boolean }) {
    this.#pickle = options.pickle;
  }

  add(topic: Uint8Array, body: Uint8Array): void {
    const message = readDistlog(topic, body, { pickle: this.#pickle, keys: this.#keys });
    if (message.kind === 'otlp') {
      this.records += scanLogs(body).records;
      this.#bodies.add(body);
    } else if (body.length > MAX_PART_VALUES) {
      // Long enough for a record with too many values, so it is checked like OTLP.
      const placed = new RecordGrouper();
      for (const record of message.records) placed.add(record, message.added);
      const encoded = encodeDecoded(placed.logs, body.length);
      this.records += scanLogs(encoded).records;
      this.#bodies.add(encoded);
    } else {
      for (const record of message.records) this.#placed.add(record, message.added);
      this.records += message.records.length;
    }
    this.bytes += body.length;
  }

  encode(): Uint8Array {
    const { logs } = this.#placed;
    if (logs.resources.length > 0) this.#bodies.add(encodeDecoded(logs, this.bytes));
    return this.#bodies.joined();
  }
}

/** Messages that a function of the application converts to OTLP. */
export class DecodedGroup implements MessageGroup {
  readonly #decode: DecodeMessage;
  readonly #bodies = new Bodies();
  records = 0;
  bytes = 0;

  constructor(decode: DecodeMessage) {
    this.#decode = decode;
  }

  add(topic: Uint8Array, body: Uint8Array): void {
    const decoded = this.#decode(topic, body);
    this.#bodies.add(decoded.body);
    this.records += decoded.records;
    this.bytes += decoded.body.length;
  }

  encode(): Uint8Array {
    return this.#bodies.joined();
  }
}

/** Concatenated requests are one request: protobuf merges repeated fields. */
class Bodies {
  readonly #all: Uint8Array[] = [];

  add(body: Uint8Array): void {
    this.#all.push(body);
  }

  joined(): Uint8Array {
    return owned(this.#all.length === 1 ? this.#all[0]! : Buffer.concat(this.#all));
  }
}

/** How many bytes may be kept in memory besides a body. */
const SLACK = 1 / 8;
const SLACK_BYTES = 512;

/**
 * Returns the bytes in a separate buffer. A view would keep everything that arrived with it in memory, and
 * bounds in bytes would not hold.
 */
export function owned(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer.byteLength - bytes.length <= Math.max(SLACK_BYTES, bytes.length * SLACK)) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
