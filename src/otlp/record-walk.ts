import { FieldWalk } from './field-walk.ts';
import { Request, ResourceLogs, ScopeLogs } from './fields.ts';

/**
 * Goes over the records of an OTLP `ExportLogsServiceRequest`, each with its resource and scope, without decoding
 * them: what this version does not know of them is kept too.
 */
export class RecordWalk {
  readonly bytes: Buffer;
  /** All fields of the ResourceLogs but its scopes; the same object for all its records. */
  resource: Uint8Array = new Uint8Array();
  /** All fields of the ScopeLogs but its records; the same object for all its records, and for those only. */
  scope: Uint8Array = new Uint8Array();
  readonly #fields: FieldWalk;
  #logsEnd = 0;
  #scopeEnd = 0;

  constructor(request: Uint8Array) {
    this.bytes = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
    this.#fields = new FieldWalk(this.bytes);
  }

  /** Where the field `log_records` begins, with its tag. */
  get start(): number {
    return this.#fields.start;
  }

  /** Where it ends. */
  get end(): number {
    return this.#fields.at;
  }

  /**
   * Goes to the next record.
   *
   * @returns false after the last one
   * @throws WireError where the bytes are no such request
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
