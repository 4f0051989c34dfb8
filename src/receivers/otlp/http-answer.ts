import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { responseBytes, statusBytes } from '../../otlp/index.ts';
import { ENCODINGS } from './read-body.ts';
import { httpStatus, type Refusal, type RefusalCause, rpcCode } from './refusal.ts';

/** How an answer is sent. */
export interface AnswerForm {
  readonly isJson: boolean;
  /** Whether the connection is closed after the answer. */
  readonly close: boolean;
}

/** How much of a refused body is read and discarded, and for how long. */
const MAX_DISCARDED_BYTES = 4 * 2 ** 20;
const MAX_DISCARD_MILLIS = 2_000;
const extraHeaders: Partial<Record<RefusalCause, Readonly<Record<string, string>>>> = {
  method: { allow: 'POST' },
  unauthorized: { 'www-authenticate': 'Bearer' },
  encoding: { 'accept-encoding': ENCODINGS },
};

/**
 * Answers a request whose records are all in the journal: an `ExportLogsServiceResponse`, empty except for a
 * warning.
 */
export function answerTaken(
  response: ServerResponse,
  { isJson, close }: AnswerForm,
  warning: string | undefined,
): void {
  const partial = warning === undefined ? {} : { partialSuccess: { errorMessage: warning } };
  const body = isJson ? Buffer.from(JSON.stringify(partial)) : responseBytes(warning);
  response.writeHead(200, headersOf(isJson, body.length, close));
  response.end(body);
}

/** Answers with a `google.rpc.Status` in the encoding of the request, or in JSON if that is unknown. */
export function answerRefused(
  request: IncomingMessage,
  response: ServerResponse,
  refused: Refusal,
  { isJson, close, isAsking }: AnswerForm & { readonly isAsking: boolean },
): void {
  if (response.destroyed) return;
  const isProtobuf = !isJson && /^application\/x-protobuf\b/i.test(request.headers['content-type'] ?? '');
  const code = rpcCode(refused);
  const { message, retryAfterMillis, cause } = refused;
  const body = isProtobuf ? statusBytes(code, message) : Buffer.from(JSON.stringify({ code, message }));
  const headers: OutgoingHttpHeaders = {
    // The rest of the body would be parsed as the next request.
    ...headersOf(!isProtobuf, body.length, close || !request.complete),
    ...extraHeaders[cause],
  };
  if (retryAfterMillis !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMillis / 1_000));
  response.writeHead(httpStatus(refused), headers);
  if (request.complete || request.destroyed || isAsking) return void response.end(body);
  response.write(body);
  discard(request, () => response.end());
}

function headersOf(isJson: boolean, length: number, close: boolean): OutgoingHttpHeaders {
  return {
    'content-type': isJson ? 'application/json' : 'application/x-protobuf',
    'content-length': String(length),
    ...(close ? { connection: 'close' } : {}),
  };
}

/**
 * Discards what a refused client still sends, within bounds. If the connection were closed at once, the
 * client would get a reset before it could read the answer.
 */
function discard(request: IncomingMessage, done: () => void): void {
  let left = MAX_DISCARDED_BYTES;
  const timer = setTimeout(end, MAX_DISCARD_MILLIS);
  function end() {
    clearTimeout(timer);
    request.off('data', look).off('end', end).off('close', end);
    done();
  }
  function look(piece: Buffer) {
    left -= piece.length;
    if (left < 0) end();
  }
  request.on('data', look).once('end', end).once('close', end).resume();
}
