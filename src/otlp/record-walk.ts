import { FieldWalk } from './field-walk.ts';
import { Request, ResourceLogs, ScopeLogs } from './fields.ts';

/**
 * Iterates over the records of an OTLP `ExportLogsServiceRequest`, each with its resource and scope, without
 * decoding them: fields that this version does not know are preserved.
 */
export class RecordWalk {
  readonly bytes: Buffer;
  /** All fields of the ResourceLogs except its scopes; the same object for all its records. */
  resource: Uint8Array = new Uint8Array();
  /** All fields of the ScopeLogs except its records; one object per ScopeLogs, shared by its records. */
  scope: Uint8Array = new Uint8Array();
  readonly #fields: FieldWalk;
  #logsEnd = 0;
  #scopeEnd = 0;

  constructor(request: Uint8Array) {
    this.bytes = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
    this.#fields = new FieldWalk(this.bytes);
  }

  /** Start of the `log_records` field, at its tag. */
  get start(): number {
    return this.#fields.start;
  }

  /** End of the `log_records` field. */
  get end(): number {
    return this.#fields.at;
  }

  /**
   * Moves to the next record.
   *
   * @returns false after the last record
   * @throws WireError if the bytes are not a valid request
   */
  next(): boolean {
    const fields = this.#fields;
    while (!fields.next(ScopeLogs.logRecords, this.#scopeEnd)) if (!this.#nextScope()) return false;
    fields.at = fields.contentEnd;
    return true;
  }

  #nextScope(): boolean {
    const fields = this.#fields;
    while (!fields.next(ResourceLogs.scopeLogs, this.#logsEnd)) if (!this.#nextResource()) return false;
    this.#scopeEnd = fields.contentEnd;
    this.scope = fields.allBut(ScopeLogs.logRecords, this.#scopeEnd);
    return true;
  }

  #nextResource(): boolean {
    const fields = this.#fields;
    if (!fields.next(Request.resourceLogs, this.bytes.length)) return false;
    this.#logsEnd = fields.contentEnd;
    this.resource = fields.allBut(ResourceLogs.scopeLogs, this.#logsEnd);
    return true;
  }
}
