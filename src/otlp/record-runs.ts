import { FieldWalk } from './field-walk.ts';
import { Request, ResourceLogs, ScopeLogs } from './fields.ts';
import { RecordWalk } from './record-walk.ts';

/** The bytes that records of one resource and scope have in common. */
export interface RunHead {
  /** All fields of the ResourceLogs except its scopes. */
  readonly resource: Uint8Array;
  /** All fields of the ScopeLogs except its records. */
  readonly scope: Uint8Array;
}

/** Consecutive records of a request with one resource and scope, not decoded. */
export interface RecordRun {
  /** The same object for all runs of one scope of the request. */
  readonly head: RunHead;
  /** The `log_records` fields of a ScopeLogs, concatenated. */
  readonly records: Uint8Array;
  readonly count: number;
}

/**
 * Splits an OTLP `ExportLogsServiceRequest` into runs, in order. {@link runRequest} joins them again without
 * loss.
 *
 * @param maxRecords maximum number of records in a run
 * @param maxBytes approximate maximum size of a run; a larger record is a separate run
 * @throws WireError if the bytes are not a valid request
 */
export function* recordRuns(request: Uint8Array, maxRecords: number, maxBytes: number): Generator<RecordRun> {
  const walk = new RecordWalk(request);
  let head: RunHead | undefined;
  let parts: Buffer[] = [];
  let size = 0;
  while (walk.next()) {
    const part = walk.bytes.subarray(walk.start, walk.end);
    const isNewScope = head?.scope !== walk.scope;
    if (head !== undefined && (isNewScope || parts.length === maxRecords || size + part.length > maxBytes)) {
      yield { head, records: joined(walk.bytes, parts), count: parts.length };
      parts = [];
      size = 0;
    }
    if (isNewScope) head = { resource: walk.resource, scope: walk.scope };
    parts.push(part);
    size += part.length;
  }
  if (head !== undefined) yield { head, records: joined(walk.bytes, parts), count: parts.length };
}

/** Each `log_records` field of a run, in order. */
export function* recordFields(records: Uint8Array): Generator<Uint8Array> {
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const fields = new FieldWalk(bytes);
  while (fields.next(ScopeLogs.logRecords, bytes.length)) {
    fields.at = fields.contentEnd;
    yield bytes.subarray(fields.start, fields.at);
  }
}

/** Builds a request with the records of one head. @param records of a run, or of several consecutive runs */
export function runRequest({ resource, scope }: RunHead, records: readonly Uint8Array[]): Uint8Array {
  const recordBytes = records.reduce((sum, { length }) => sum + length, 0);
  const scopeLogs = prefix(ResourceLogs.scopeLogs, scope.length + recordBytes);
  const logs = prefix(Request.resourceLogs, resource.length + scopeLogs.length + scope.length + recordBytes);
  return Buffer.concat([logs, resource, scopeLogs, scope, ...records]);
}

/** Joins parts. Adjacent parts are not copied. */
function joined(bytes: Buffer, parts: readonly Buffer[]): Uint8Array {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  const start = first.byteOffset - bytes.byteOffset;
  const end = last.byteOffset - bytes.byteOffset + last.length;
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  return end - start === size ? bytes.subarray(start, end) : Buffer.concat(parts);
}

/** A tag and a length. */
function prefix(tag: number, length: number): Uint8Array {
  const bytes = [tag];
  let rest = length;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
