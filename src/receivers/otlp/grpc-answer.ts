import { constants, type ServerHttp2Stream } from 'node:http2';
import { responseBytes, statusBytes } from '../../otlp/index.ts';
import { grpcMessage } from './grpc-message.ts';
import { ENCODINGS } from './read-body.ts';
import { type Refusal, rpcCode } from './refusal.ts';

const HEADERS = { ':status': 200, 'content-type': 'application/grpc' } as const;
const MAX_MESSAGE = 1_024;

/** Answers a request whose records are all in the journal. @param warning a message for the sender */
export function answerTaken(stream: ServerHttp2Stream, warning: string | undefined): void {
  if (isGone(stream)) return;
  stream.respond(HEADERS, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(grpcMessage(responseBytes(warning)));
}

/** Answers with the status only, without a message. A retry delay is sent as `google.rpc.RetryInfo`. */
export function answerRefused(stream: ServerHttp2Stream, refused: Refusal): void {
  if (isGone(stream)) return;
  const code = rpcCode(refused);
  const { retryAfterMillis } = refused;
  const message = refused.message.slice(0, MAX_MESSAGE);
  const details =
    retryAfterMillis === undefined
      ? {}
      : { 'grpc-status-details-bin': base64(statusBytes(code, message, retryAfterMillis)) };
  stream.respond(
    {
      ...HEADERS,
      'grpc-status': String(code),
      'grpc-message': percentEncoded(message),
      'grpc-accept-encoding': ENCODINGS.replaceAll(' ', ''),
      ...details,
    },
    { endStream: true },
  );
  endRequest(stream);
}

/** Answers a request that is not gRPC with an HTTP status. */
export function answerHttp(stream: ServerHttp2Stream, status: number): void {
  if (isGone(stream)) return;
  stream.respond({ ':status': status }, { endStream: true });
  endRequest(stream);
}

/** Asks a client that is still sending to stop after the answer (RFC 9113, section 8.1). */
function endRequest(stream: ServerHttp2Stream): void {
  if (stream.endAfterHeaders || stream.readableEnded) return;
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function isGone(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed || stream.headersSent;
}

/** Binary headers are base64 without padding (gRPC over HTTP2, "Custom-Metadata"). */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

/** Encodes all UTF-8 bytes except visible ASCII and the space (gRPC over HTTP2, "Status-Message"). */
function percentEncoded(text: string): string {
  return text.replaceAll(/[^ -$&-~]+/g, (part) =>
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
