import { LogsEncoder } from '../otlp/index.ts';
import type { ReadableLogRecordLike } from '../record/index.ts';

/** Serializes records for an exporter. It must not throw, whatever an application put into a record. */
export interface LogSerializer {
  /** The media type of the bytes. */
  readonly contentType: string;
  /** The third letter of the distlog topic: `J` for JSON, `O` for OTLP protobuf. */
  readonly encoding: 'J' | 'O';
  /** @returns a buffer that is not modified afterwards, so it can be sent by reference */
  serialize(records: readonly ReadableLogRecordLike[]): Uint8Array;
}

/** OTLP's `ExportLogsServiceRequest` in protobuf: see {@link LogsEncoder}. */
export class OtlpProtobufSerializer implements LogSerializer {
  readonly contentType = 'application/x-protobuf';
  readonly encoding = 'O';
  readonly #encoder = new LogsEncoder();

  serialize(records: readonly ReadableLogRecordLike[]): Uint8Array {
    return this.#encoder.encode(records);
  }
}
