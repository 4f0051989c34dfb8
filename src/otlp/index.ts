export { decodeJsonLogs, type JsonLogs, readJsonLogs } from './decode-json-logs.ts';
export { decodeLogs, logGroups } from './decode-logs.ts';
export {
  type AnyValue,
  type Attributes,
  attributeOf,
  type DecodedLogRecord,
  type DecodedLogs,
  type DecodedResource,
  type DecodedScope,
  doubleValue,
  EMPTY_RECORD,
  groupsOf,
  intValue,
  isBytes,
  isMap,
  isWholeDouble,
  type KeyValue,
  type LogGroup,
  type LogResource,
  type LogScope,
  type MapValue,
  numberOf,
  type WholeDouble,
} from './decoded.ts';
export { encodeDecoded } from './encode-decoded.ts';
export { LogsEncoder } from './encode-logs.ts';
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
export { JsonLines } from './json-lines.ts';
export { type EncodedJson, encodeJsonLogs } from './json-request.ts';
export { BYTES_PER_RECORD, MAX_PART_VALUES } from './limits.ts';
export { parseJson } from './parse-json.ts';
export { plainObject, plainValue } from './plain-value.ts';
export { ProtobufReader } from './protobuf-reader.ts';
export { type RecordRun, type RunHead, recordFields, recordRuns, runRequest } from './record-runs.ts';
export {
  type CostlyField,
  type NeededFields,
  type ReducedRecords,
  type RequiredValue,
  reducedRecords,
} from './reduced-records.ts';
export { keepRecords, type RequestPiece, requestPieces } from './request-pieces.ts';
export { RETRYABLE_HTTP, RETRYABLE_RPC } from './retryable.ts';
export { responseBytes, retryInfoMillis, statusBytes } from './rpc-status.ts';
export { type ScannedLogs, scanLogs, scanLogsInTurns } from './scan-logs.ts';
export { wellFormed } from './well-formed.ts';
export { causeOf, isWireError, WireError, type WireErrorCause } from './wire-error.ts';
