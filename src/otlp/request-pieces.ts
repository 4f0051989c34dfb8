import { Request, ResourceLogs } from './fields.ts';
import { ProtobufWriter, varintSize } from './protobuf-writer.ts';
import { RecordWalk } from './record-walk.ts';

/** Upper bound of the tags and lengths around the records of a piece. */
const FRAME_BYTES = 24;
/**
 * A piece is not split while the next piece would repeat more bytes (resource and scope) than this factor
 * times its own new bytes.
 */
const MOST_REPEATED = 2;

/** A part of a request. It is a valid request. */
export interface RequestPiece {
  readonly body: Uint8Array;
  readonly records: number;
}

/**
 * Splits an OTLP `ExportLogsServiceRequest` between records into smaller requests, without decoding the
 * records. Each piece repeats the resources and scopes of its records. A request within the bound is returned
 * unchanged. Pieces are generated one at a time, so a long request is not split in one synchronous step.
 *
 * All pieces together are at most five times as large as the request: if resource and scope are large, pieces
 * are larger than `maxBytes`.
 *
 * @param maxBytes approximate maximum size of a piece; a larger record is a separate piece
 * @throws WireError if the bytes are not a valid request
 */
export function* requestPieces(
  request: Uint8Array,
  records: number,
  maxBytes: number,
): Generator<RequestPiece> {
  if (request.length <= maxBytes) {
    yield { body: request, records };
    return;
  }
  const walk = new RecordWalk(request);
  const piece = new PieceWriter(walk.bytes, maxBytes);
  while (walk.next()) {
    const { resource, scope, start, end } = walk;
    if (!piece.hasRoom(resource, scope, end - start)) yield piece.take();
    piece.add(resource, scope, start, end);
  }
  if (piece.records > 0) yield piece.take();
}

/**
 * Keeps some of the records of a request, with their resources and scopes, without decoding them: fields that
 * this version does not know are kept too.
 *
 * @param keeps called for each record, in order
 * @throws WireError if the bytes are not a valid request
 */
export function keepRecords(request: Uint8Array, keeps: (ordinal: number) => boolean): RequestPiece {
  const walk = new RecordWalk(request);
  const piece = new PieceWriter(walk.bytes, walk.bytes.length);
  for (let ordinal = 0; walk.next(); ordinal += 1) {
    if (keeps(ordinal)) piece.add(walk.resource, walk.scope, walk.start, walk.end);
  }
  return piece.take();
}

/** Assembles one piece after another. */
class PieceWriter {
  records = 0;
  readonly #request: Buffer;
  readonly #maxBytes: number;
  readonly #reserved: number;
  readonly #out: ProtobufWriter;
  #resource: Uint8Array | undefined;
  #scope: Uint8Array | undefined;
  #resourceStart = 0;
  #scopeStart = 0;
  /** The last resource and scope of the previous piece, and how many bytes of them this piece repeats. */
  #lastResource: Uint8Array | undefined;
  #lastScope: Uint8Array | undefined;
  #repeated = 0;
  /** Adjacent records are copied as one range of bytes. */
  #rangeStart = 0;
  #rangeEnd = 0;

  constructor(request: Buffer, maxBytes: number) {
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#reserved = varintSize(Math.min(maxBytes, request.length));
    this.#out = new ProtobufWriter(Math.min(maxBytes, request.length) + FRAME_BYTES);
  }

  /**
   * Whether another record of this size may be added: it fits, or a new piece would repeat too many bytes.
   */
  hasRoom(resource: Uint8Array, scope: Uint8Array, bytes: number): boolean {
    const written = this.#out.at + this.#rangeEnd - this.#rangeStart;
    let opened = 0;
    let repeated = 0;
    if (resource === this.#resource) repeated += resource.length;
    else opened += resource.length;
    if (scope === this.#scope) repeated += scope.length;
    else opened += scope.length;
    return (
      this.records === 0 ||
      written + opened + bytes + FRAME_BYTES <= this.#maxBytes ||
      (written - this.#repeated + bytes) * MOST_REPEATED < repeated
    );
  }

  add(resource: Uint8Array, scope: Uint8Array, start: number, end: number): void {
    if (this.#scope !== scope || this.#resource !== resource) this.#begin(resource, scope);
    if (start !== this.#rangeEnd) this.#endRange(start);
    this.#rangeEnd = end;
    this.records += 1;
  }

  take(): RequestPiece {
    this.#lastResource = this.#resource;
    this.#lastScope = this.#scope;
    this.#endResource();
    const piece = { body: this.#out.copy(), records: this.records };
    this.#out.at = 0;
    this.records = 0;
    return piece;
  }

  #begin(resource: Uint8Array, scope: Uint8Array): void {
    const out = this.#out;
    if (out.at === 0) {
      this.#repeated =
        (resource === this.#lastResource ? resource.length : 0) +
        (scope === this.#lastScope ? scope.length : 0);
    }
    if (this.#resource === resource) this.#endScope();
    else {
      this.#endResource();
      out.reserve(1);
      out.put(Request.resourceLogs);
      this.#resourceStart = out.begin(this.#reserved);
      out.raw(resource, 0, resource.length);
      this.#resource = resource;
    }
    out.reserve(1);
    out.put(ResourceLogs.scopeLogs);
    this.#scopeStart = out.begin(this.#reserved);
    out.raw(scope, 0, scope.length);
    this.#scope = scope;
  }

  #endResource(): void {
    if (this.#resource === undefined) return;
    this.#endScope();
    this.#out.end(this.#resourceStart, this.#reserved);
    this.#resource = undefined;
  }

  #endScope(): void {
    this.#endRange(0);
    this.#out.end(this.#scopeStart, this.#reserved);
    this.#scope = undefined;
  }

  /** @param start start of the next range */
  #endRange(start: number): void {
    this.#out.raw(this.#request, this.#rangeStart, this.#rangeEnd);
    this.#rangeStart = start;
    this.#rangeEnd = start;
  }
}
