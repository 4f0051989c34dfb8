import type { ReadableLogRecordLike } from '../record/index.ts';

/** Makes bytes of records. */
export interface ZmqSerializer {
  /**
   * What the bytes are, the third letter of the topic in push mode: `O` is an `ExportLogsServiceRequest` of
   * OTLP in protobuf, one for a whole batch; any other is a single record, as `J`, JSON. Ack mode takes `O` only.
   */
  readonly encoding: string;
  serialize(records: readonly ReadableLogRecordLike[]): Uint8Array;
}
