import { readJsonLogs } from './decode-json-logs.ts';
import { encodeDecoded } from './encode-decoded.ts';
import { type JsonPiece, jsonPieces } from './json-pieces.ts';
import { WireError } from './wire-error.ts';

/** OTLP/JSON converted to protobuf. */
export interface EncodedJson {
  /** An `ExportLogsServiceRequest`. */
  readonly body: Uint8Array;
  /** See `JsonLogs`. */
  readonly unknown: string | undefined;
}

/**
 * Converts OTLP/JSON of any size to protobuf, one piece at a time: apart from the input and the result, only
 * one piece is in memory as objects. It accepts what `readJsonLogs` accepts. If a request is converted in
 * pieces, records of one resource may be in several `ResourceLogs`.
 *
 * @param pause awaited between steps of a few milliseconds
 * @param pieceBytes see `jsonPieces`
 * @throws (rejects) WireError
 */
export async function encodeJsonLogs(
  json: Uint8Array,
  pause: () => Promise<void>,
  pieceBytes?: number,
): Promise<EncodedJson> {
  const bodies: Uint8Array[] = [];
  let unknown: string | undefined;
  for (const piece of jsonPieces(json, pieceBytes)) {
    if (bodies.length > 0 || piece === undefined) await pause();
    if (piece === undefined) continue;
    const logs = readPiece(piece);
    unknown ??= logs.unknown;
    bodies.push(encodeDecoded(logs.logs, piece.json.length));
  }
  // Concatenated requests are one request, because protobuf merges repeated fields.
  return { body: bodies.length === 1 ? bodies[0]! : Buffer.concat(bodies), unknown };
}

function readPiece({ json, at }: JsonPiece) {
  try {
    return readJsonLogs(json);
  } catch (error) {
    if (at === 0 || !(error instanceof WireError)) throw error;
    throw new WireError(error.cause, `in the part from byte ${at}: ${error.message}`);
  }
}
