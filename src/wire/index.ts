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
export { type ScanLimits, type ScannedLogs, scanLogs } from './otlp/scan-logs.ts';
export { WireError, type WireErrorCause } from './otlp/wire-error.ts';
