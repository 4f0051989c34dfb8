import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as requestPlain,
} from 'node:http';
import { request as requestTls } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { ByteLines } from './byte-lines.ts';
import { ReaderError } from './reader-error.ts';

/** An HTTP server that answers with lines of text. */
export interface HttpTarget {
  /** The name for messages. */
  readonly name: string;
  /** A hint for when it does not answer: `is the daemon running?`. */
  readonly hint: string;
  /** The base URL, `http:` or `https:`. */
  readonly url: URL;
  /** A Unix domain socket, which replaces the host of the URL. */
  readonly socketPath?: string | undefined;
  readonly token?: string | undefined;
  /** The delays before each retry of a request to a busy server. */
  readonly busyMillis?: readonly number[] | undefined;
  /** Additional trusted CA certificates, PEM. */
  readonly ca?: string | undefined;
}

/** Time-out without data; a live view sends a keep-alive at least every 15 seconds. */
const SILENCE_MILLIS = 60_000;
/** The status of a server that is busy or starting, and the delays before retries. */
const BUSY = 503;
const BUSY_MILLIS: readonly number[] = [100, 250, 500, 1_000, 2_000];
const MAX_LINE_BYTES = 128 * 2 ** 20;
const MAX_ERROR_CHARACTERS = 4_096;

/**
 * Sends a request, and yields the lines of the answer as they arrive. Returns if the signal is aborted.
 * @throws (rejects) ReaderError
 */
export async function* answerLines(
  target: HttpTarget,
  path: string,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let isAnswered = false;
  try {
    let response = await answered(target, path, parameters, signal);
    for (const millis of target.busyMillis ?? BUSY_MILLIS) {
      if (response.statusCode !== BUSY) break;
      response.resume();
      await wait(millis, undefined, { signal });
      response = await answered(target, path, parameters, signal);
    }
    isAnswered = true;
    if (response.statusCode !== 200) throw refusal(target, response.statusCode ?? 0, await textOf(response));
    const lines = new ByteLines(MAX_LINE_BYTES);
    for await (const chunk of response) yield* known(lines.of(chunk as Uint8Array));
    yield* known(lines.rest());
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ReaderError) throw error;
    if (isAnswered) throw new ReaderError('cut', `${target.name} closed the connection`);
    throw noAnswer(target, error as NodeJS.ErrnoException);
  }
}

function* known(lines: readonly (string | undefined)[]): Generator<string> {
  for (const line of lines) if (line !== undefined && line.trim() !== '') yield line;
}

function answered(
  { url, socketPath, token, ca }: HttpTarget,
  path: string,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestTls : requestPlain;
  const query = new URLSearchParams(parameters).toString();
  const options: RequestOptions & { readonly ca?: string } = {
    method: 'GET',
    path: `${url.pathname.replace(/\/$/, '')}${path}${query === '' ? '' : `?${query}`}`,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    signal,
    timeout: SILENCE_MILLIS,
    ...(socketPath === undefined ? { host: withoutBrackets(url.hostname), port: url.port } : { socketPath }),
    ...(ca !== undefined && { ca }),
    ...(url.username !== '' && {
      auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`,
    }),
  };
  return new Promise((done, failed) => {
    const call: ClientRequest = request(options);
    call.on('timeout', () => call.destroy(new Error(`no data within ${SILENCE_MILLIS / 1e3} s`)));
    call.on('error', failed);
    call.on('response', done);
    call.end();
  });
}

/** A URL contains an IPv6 address in brackets; the resolver expects it without. */
function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** The first part of an answer. */
async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length >= MAX_ERROR_CHARACTERS) break;
  }
  return text.slice(0, MAX_ERROR_CHARACTERS);
}

function refusal({ name }: HttpTarget, status: number, body: string): ReaderError {
  const message = messageIn(body);
  if (status === 400) return new ReaderError('query', message);
  if (status === 404) return new ReaderError('not_found', `${name}: ${message}`);
  if (status === 401 || status === 403) {
    return new ReaderError(
      'refused',
      `${name}: ${message}; set the token with --token-file or DISTLOG_TOKEN`,
    );
  }
  return new ReaderError('unavailable', `${name} answered ${status}: ${message}`);
}

function messageIn(body: string): string {
  try {
    const { message, parameter } = (JSON.parse(body) as { error: Record<'message' | 'parameter', unknown> })
      .error;
    if (typeof message === 'string')
      return typeof parameter === 'string' ? `${parameter}: ${message}` : message;
  } catch {
    // A different server, or a proxy.
  }
  return body.trim().split('\n', 1)[0] || 'no message';
}

function noAnswer({ name, hint }: HttpTarget, { code, message }: NodeJS.ErrnoException): ReaderError {
  if (code === 'ECONNREFUSED' || code === 'ENOENT') {
    return new ReaderError('unavailable', `no answer from ${name}; ${hint}`);
  }
  if (code === 'EACCES') {
    return new ReaderError('refused', `${name} can only be used by the user that runs it`);
  }
  const why = code === 'ECONNRESET' ? 'it closed the connection' : message;
  return new ReaderError('unavailable', `no answer from ${name}; ${why}`);
}
