import {
  type DecodedResource,
  type DecodedScope,
  encodeDecoded,
  type LogGroup,
  logGroups,
  type RequestPiece,
  scanLogs,
} from '../otlp/index.ts';

/** Processes a group; the type of the result is not trusted. */
export type Process = (group: LogGroup) => unknown;

/** A request may grow by this factor, plus this many bytes. */
const MAX_GROWTH = 4;
const MAX_GROWN_BYTES = 1_048_576;
/** The number of records that are encoded at a time. */
const RECORDS_AT_ONCE = 1_024;

/**
 * Applies a processor to the records of a request. It is decoded and encoded in groups, so that a request of
 * any size takes bounded memory. OTLP fields that this version does not know are lost.
 *
 * @throws the error of the processor; Error if the result is not a list of groups, or is too large
 */
export async function processRequest(body: Uint8Array, process: Process): Promise<RequestPiece> {
  const out = new RequestParts(MAX_GROWTH * body.length + MAX_GROWN_BYTES);
  for (const group of logGroups(body)) {
    const groups = await process(group);
    if (!Array.isArray(groups))
      throw new Error(`process() returned ${typeName(groups)}, expected a list of groups`);
    for (const each of groups) out.add(each);
  }
  const bytes = out.finish();
  // Counts the records of the result, which contains untrusted values of the plugin.
  return { body: bytes, records: bytes.length === 0 ? 0 : scanLogs(bytes).records };
}

class RequestParts {
  readonly #maxBytes: number;
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;
  #resources: (DecodedResource & { readonly scopes: DecodedScope[] })[] = [];
  #last: LogGroup['resource'] | undefined;
  #records = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(group: LogGroup | undefined): void {
    const { resource, scope, records } = group ?? {};
    if (resource === undefined || scope === undefined || !Array.isArray(records)) {
      throw new Error('process() returned a group without resource, scope and records');
    }
    if (records.length === 0) return;
    // Groups of the same resource share it; otherwise a large resource would be repeated per scope.
    if (this.#last !== resource) this.#resources.push({ ...resource, scopes: [] });
    this.#last = resource;
    this.#resources.at(-1)!.scopes.push({ ...scope, records });
    this.#records += records.length;
    if (this.#records >= RECORDS_AT_ONCE) this.#encode();
  }

  finish(): Uint8Array {
    this.#encode();
    return this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
  }

  #encode(): void {
    if (this.#records === 0) return;
    const part = encodeDecoded({ resources: this.#resources });
    this.#resources = [];
    this.#last = undefined;
    this.#records = 0;
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) throw new Error(`process() returned more than ${this.#maxBytes} bytes`);
    this.#parts.push(part);
  }
}

function typeName(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
