import { Request, ResourceLogs } from './fields.ts';
import { ProtobufWriter, varintSize } from './protobuf-writer.ts';
import { RecordWalk } from './record-walk.ts';

/** Tags and lengths around the records of a piece. */
const FRAME_BYTES = 24;
/**
 * A piece ends where at most so many bytes are repeated (resource and scope) for each of its records and the
 * next.
 */
const MOST_REPEATED = 2;

/** A part of a request, a request itself. */
export interface RequestPiece {
  readonly body: Uint8Array;
  readonly records: number;
}

/**
 * Cuts an OTLP `ExportLogsServiceRequest` into smaller ones between records, each with the resources and the
 * scopes of its records, without decoding them. A request within the bound comes back as it is. The pieces
 * come one by one, so that a long request need not be cut in one go.
 *
 * All pieces together are never larger than five times the request: where resource and scope are large,
 * pieces are larger than `maxBytes`.
 *
 * @param maxBytes a piece has about so many bytes at most; a record with more is a piece of its own
 * @throws WireError where the bytes are no such request
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
 * The records of a request that are to be kept, with their resources and scopes, without decoding them: what this
 * version does not know of them is kept too.
 *
 * @param keeps asked for every record, in their order
 * @throws WireError where the bytes are no such request
 */
export function keepRecords(request: Uint8Array, keeps: (ordinal: number) => boolean): RequestPiece {
  const walk = new RecordWalk(request);
  const piece = new PieceWriter(walk.bytes, walk.bytes.length);
  for (let ordinal = 0; walk.next(); ordinal += 1) {
    if (keeps(ordinal)) piece.add(walk.resource, walk.scope, walk.start, walk.end);
  }
  return piece.take();
}

/** Puts together one piece after the other. */
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
  /** Resource and scope that the piece before ended with, and how many bytes of them this one repeats. */
  #lastResource: Uint8Array | undefined;
  #lastScope: Uint8Array | undefined;
  #repeated = 0;
  /** Records that lie one behind the other are copied as one stretch of bytes. */
  #stretchStart = 0;
  #stretchEnd = 0;

  constructor(request: Buffer, maxBytes: number) {
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#reserved = varintSize(Math.min(maxBytes, request.length));
    this.#out = new ProtobufWriter(Math.min(maxBytes, request.length) + FRAME_BYTES);
  }

  /**
   * Whether the piece can have one more record of so many bytes, or has to, for what the next would repeat.
   */
  hasRoom(resource: Uint8Array, scope: Uint8Array, bytes: number): boolean {
    const written = this.#out.at + this.#stretchEnd - this.#stretchStart;
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
    if (start !== this.#stretchEnd) this.#endStretch(start);
    this.#stretchEnd = end;
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
    this.#endStretch(0);
    this.#out.end(this.#scopeStart, this.#reserved);
    this.#scope = undefined;
  }

  /** @param start where the next one begins */
  #endStretch(start: number): void {
    this.#out.raw(this.#request, this.#stretchStart, this.#stretchEnd);
    this.#stretchStart = start;
    this.#stretchEnd = start;
  }
}
