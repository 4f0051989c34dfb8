import { RecordGrouper, readDistlog, TaskKeys } from '../../distlog-json/index.ts';
import { encodeDecoded, MAX_PART_VALUES, scanLogs } from '../../otlp/index.ts';

/** What a message of push mode holds. */
export interface PushMessage {
  /** `ExportLogsServiceRequest`, protobuf. */
  readonly body: Uint8Array;
  readonly records: number;
}

/**
 * Understands a message of push mode.
 * @throws if it is not what its topic says; a `WireError`'s cause is counted
 */
export type DecodeMessage = (topic: Uint8Array, body: Uint8Array) => PushMessage;

/** Messages of push mode that go to the journal together. */
export interface MessageGroup {
  readonly records: number;
  /** Of the messages. */
  readonly bytes: number;
  /** @throws if it is not what its topic says; the others are not harmed */
  add(topic: Uint8Array, body: Uint8Array): void;
  /** All of it as one `ExportLogsServiceRequest`. The group must not be used after this. */
  encode(): Uint8Array;
}

/**
 * Distlog's own messages, see `decodeDistlog`. Records that come one by one are put together by what their
 * resource and scope say, and written as protobuf once for the group. OTLP is looked through and passed on as
 * it is.
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
      // Long enough for a record of too many values: looked through, as OTLP is.
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

/** Messages of which a function of the application makes OTLP. */
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

/** Requests one behind the other are one request: protobuf joins repeated fields. */
class Bodies {
  readonly #all: Uint8Array[] = [];

  add(body: Uint8Array): void {
    this.#all.push(body);
  }

  joined(): Uint8Array {
    return owned(this.#all.length === 1 ? this.#all[0]! : Buffer.concat(this.#all));
  }
}

/** So much more than a body may be kept in memory with it. */
const SLACK = 1 / 8;
const SLACK_BYTES = 512;

/**
 * The bytes in a buffer of their own: a view of what came with others would keep all of that in memory, and
 * bounds in bytes would not hold.
 */
export function owned(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer.byteLength - bytes.length <= Math.max(SLACK_BYTES, bytes.length * SLACK)) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
