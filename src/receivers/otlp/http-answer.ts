import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { responseBytes, statusBytes } from '../../otlp/index.ts';
import { ENCODINGS } from './read-body.ts';
import { httpStatus, type Refusal, type RefusalCause, rpcCode } from './refusal.ts';

/** How an answer leaves. */
export interface AnswerForm {
  readonly isJson: boolean;
  /** The connection ends with it. */
  readonly close: boolean;
}

/** So much of a refused body, for so long, is read and thrown away. */
const MAX_DISCARDED_BYTES = 4 * 2 ** 20;
const MAX_DISCARD_MILLIS = 2_000;
const extraHeaders: Partial<Record<RefusalCause, Readonly<Record<string, string>>>> = {
  method: { allow: 'POST' },
  unauthorized: { 'www-authenticate': 'Bearer' },
  encoding: { 'accept-encoding': ENCODINGS },
};

/** All is in the journal: an `ExportLogsServiceResponse`, empty but for a warning. */
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

/** A `google.rpc.Status` in the encoding of the request; in JSON, if that is not known. */
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
    // The rest of a body would be taken for the next request.
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
 * Throws away what a refused client still sends, within bounds: if the connection were closed on it, it would
 * meet a reset before it could read the answer.
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
