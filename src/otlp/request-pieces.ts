import { fieldsOf, lengthPrefix } from './protobuf-walk.ts';

const RESOURCE_LOGS = 1;
const SCOPE_LOGS = 2;
const LOG_RECORD = 2;
const BYTES = 2;

/**
 * Cuts an OTLP `ExportLogsServiceRequest` into smaller ones, each with the resource and the scope of its records,
 * without decoding them. A request within the bounds comes back as it is.
 *
 * The pieces come one by one, so that a long request need not be cut in one go.
 *
 * @param maxRecords a piece has at most so many records
 * @param maxBytes a piece has at most about so many bytes; a record with more is a piece of its own
 * @throws RangeError where the bytes are no such request
 */
export function* requestPieces(
  request: Uint8Array,
  records: number,
  maxRecords: number,
  maxBytes: number,
): Generator<{ readonly body: Uint8Array; readonly records: number }> {
  if (records <= maxRecords && request.length <= maxBytes) {
    yield { body: request, records };
    return;
  }
  for (const resourceLogs of fieldsOf(request, 0, request.length)) {
    if (resourceLogs.number !== RESOURCE_LOGS || resourceLogs.wireType !== BYTES) continue;
    const resource = otherFields(request, resourceLogs.contentStart, resourceLogs.end, SCOPE_LOGS);
    for (const scopeLogs of fieldsOf(request, resourceLogs.contentStart, resourceLogs.end)) {
      if (scopeLogs.number !== SCOPE_LOGS || scopeLogs.wireType !== BYTES) continue;
      yield* piecesOfScope(request, resource, scopeLogs.contentStart, scopeLogs.end, maxRecords, maxBytes);
    }
  }
}

function* piecesOfScope(
  request: Uint8Array,
  resource: readonly Uint8Array[],
  from: number,
  to: number,
  maxRecords: number,
  maxBytes: number,
): Generator<{ readonly body: Uint8Array; readonly records: number }> {
  const scope = otherFields(request, from, to, LOG_RECORD);
  const roomFor = maxBytes - sizeOf(resource) - sizeOf(scope) - 24;
  // Records that lie one behind the other are taken as one stretch of bytes.
  let stretches: Uint8Array[] = [];
  let stretchStart = 0;
  let stretchEnd = 0;
  let count = 0;
  let bytes = 0;
  const endStretch = () => {
    if (stretchEnd > stretchStart) stretches.push(request.subarray(stretchStart, stretchEnd));
  };
  for (const { number, wireType, start, end } of fieldsOf(request, from, to)) {
    if (number !== LOG_RECORD || wireType !== BYTES) continue;
    if (count > 0 && (count >= maxRecords || bytes + end - start > roomFor)) {
      endStretch();
      yield { body: joined(resource, scope, stretches), records: count };
      stretches = [];
      stretchStart = start;
      count = 0;
      bytes = 0;
    } else if (start !== stretchEnd) {
      endStretch();
      stretchStart = start;
    }
    stretchEnd = end;
    count += 1;
    bytes += end - start;
  }
  endStretch();
  if (count > 0) yield { body: joined(resource, scope, stretches), records: count };
}

/** All fields but those of one number, as they are. */
function otherFields(bytes: Uint8Array, from: number, to: number, but: number): Uint8Array[] {
  const others: Uint8Array[] = [];
  for (const field of fieldsOf(bytes, from, to)) {
    if (field.number !== but) others.push(bytes.subarray(field.start, field.end));
  }
  return others;
}

function joined(
  resource: readonly Uint8Array[],
  scope: readonly Uint8Array[],
  records: readonly Uint8Array[],
): Uint8Array {
  const scopeLength = sizeOf(scope) + sizeOf(records);
  const scopePrefix = lengthPrefix(SCOPE_LOGS, scopeLength);
  const resourceLength = sizeOf(resource) + scopePrefix.length + scopeLength;
  const prefix = lengthPrefix(RESOURCE_LOGS, resourceLength);
  return Buffer.concat([prefix, ...resource, scopePrefix, ...scope, ...records]);
}

function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0;
  for (const part of parts) size += part.length;
  return size;
}
