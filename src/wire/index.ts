export {
  DISTLOG_KIND,
  DISTLOG_SYSTEM,
  type DistlogMessage,
  type DistlogOptions,
  decodeDistlog,
  readDistlog,
} from './distlog/decode-distlog.ts';
export { JsonSerializer } from './distlog/json-serializer.ts';
export { decodePickle, type PickleValue } from './distlog/pickle.ts';
export { type PlacedRecord, PlacedRecords } from './distlog/placed-record.ts';
export { type LogSerializer, OtlpProtobufSerializer } from './distlog/serializer.ts';
export { DISTLOG_KEY, type TaskPlace, taskPlace } from './distlog/task-key.ts';
export {
  CONTENT_OTLP,
  type DataFrame,
  decodeClientFrame,
  ENCODING_GZIP,
  ENCODING_IDENTITY,
  encodeData,
  encodeHello,
  type HelloFrame,
} from './frames/client-frame.ts';
export { FrameError, type FrameErrorCause } from './frames/frame-error.ts';
export { ID_BYTES, MAGIC, NO_JOURNAL } from './frames/layout.ts';
export { decodeReply, encodeReply, type Reply } from './frames/reply-frame.ts';
export { unpackBody } from './frames/unpack-body.ts';
export { decodeJsonLogs } from './otlp/decode-json-logs.ts';
export { decodeLogs } from './otlp/decode-logs.ts';
export {
  type AnyValue,
  type Attributes,
  attributeOf,
  type DecodedLogRecord,
  type DecodedLogs,
  type DecodedResource,
  type DecodedScope,
  doubleValue,
  intValue,
  isBytes,
  isMap,
  isWholeDouble,
  type KeyValue,
  type MapValue,
  numberOf,
  type WholeDouble,
} from './otlp/decoded.ts';
export { encodeDecoded } from './otlp/encode-decoded.ts';
export { encodeLogs } from './otlp/encode-logs.ts';
export { jsonLine } from './otlp/json-line.ts';
export { type ScanLimits, type ScannedLogs, scanLogs } from './otlp/scan-logs.ts';
export { WireError, type WireErrorCause } from './otlp/wire-error.ts';
