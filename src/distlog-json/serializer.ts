import { LogsEncoder } from '../otlp/index.ts';
import type { ReadableLogRecordLike } from '../record/index.ts';

/** Makes bytes of records, for an exporter. It must not throw on what an application put into a record. */
export interface LogSerializer {
  /** The media type of the bytes. */
  readonly contentType: string;
  /** The third letter of distlog's topic: `J` is JSON, `O` OTLP in protobuf. */
  readonly encoding: 'J' | 'O';
  /** @returns bytes of their own: nobody else writes to them, so they can be sent by reference */
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
