export { decodeJsonLogs } from './decode-json-logs.ts';
export { decodeLogs } from './decode-logs.ts';
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
} from './decoded.ts';
export { encodeDecoded } from './encode-decoded.ts';
export { encodeLogs, LogsEncoder } from './encode-logs.ts';
export { entryLogs, isWireError } from './entry-logs.ts';
export {
  ATTRIBUTE_DEPTH,
  BODY_DEPTH,
  LIST_DEPTH,
  MAP_DEPTH,
  MAX_DEPTH,
  RESOURCE_ATTRIBUTE_DEPTH,
  SCOPE_ATTRIBUTE_DEPTH,
  SPAN_ID_BYTES,
  TRACE_ID_BYTES,
} from './fields.ts';
export { jsonLine } from './json-line.ts';
export { parseJson } from './parse-json.ts';
export { plainObject, plainValue } from './plain-value.ts';
export { fieldsOf } from './protobuf-walk.ts';
export { requestPieces } from './request-pieces.ts';
export { type ScanLimits, type ScannedLogs, scanLogs } from './scan-logs.ts';
export { wellFormed } from './well-formed.ts';
export { WireError, type WireErrorCause } from './wire-error.ts';
