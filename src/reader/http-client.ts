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

/** A server that answers lines of text. */
export interface HttpTarget {
  /** For messages. */
  readonly name: string;
  /** What to do when it does not answer: `is the daemon running?`. */
  readonly hint: string;
  /** Where it is: `http:` or `https:`, with the beginning of all paths. */
  readonly url: URL;
  /** A Unix domain socket, which then counts instead of the host of the URL. */
  readonly socketPath?: string | undefined;
  readonly token?: string | undefined;
  /** How long to wait before a busy server is asked again, each time. */
  readonly busyMillis?: readonly number[] | undefined;
  /** PEM: certificates that it may have, beside those that this machine trusts. */
  readonly ca?: string | undefined;
}

/** A server that answers nothing for so long is away; a live view has a sign of life at least every 15 seconds. */
const SILENCE_MILLIS = 60_000;
/** A server that is busy, or just starting, is asked again after so long. */
const BUSY = 503;
const BUSY_MILLIS: readonly number[] = [100, 250, 500, 1_000, 2_000];
const MAX_LINE_BYTES = 128 * 2 ** 20;
const MAX_ERROR_CHARACTERS = 4_096;

/**
 * Asks a server, and gives the lines of its answer as they come. Ends quietly when the signal is aborted.
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
    call.on('timeout', () => call.destroy(new Error(`nothing came within ${SILENCE_MILLIS / 1e3} s`)));
    call.on('error', failed);
    call.on('response', done);
    call.end();
  });
}

/** A URL has an IPv6 address in brackets, and a resolver takes it without them. */
function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** The beginning of an answer. */
async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length >= MAX_ERROR_CHARACTERS) break;
  }
  return text.slice(0, MAX_ERROR_CHARACTERS);
}

function refusal({ name }: HttpTarget, status: number, body: string): ReaderError {
  const said = messageIn(body);
  if (status === 400) return new ReaderError('query', said);
  if (status === 404) return new ReaderError('not_found', `${name}: ${said}`);
  if (status === 401 || status === 403) {
    return new ReaderError('refused', `${name}: ${said}; give the token by --token-file or DISTLOG_TOKEN`);
  }
  return new ReaderError('unavailable', `${name} answered ${status}: ${said}`);
}

function messageIn(body: string): string {
  try {
    const { message, parameter } = (JSON.parse(body) as { error: Record<'message' | 'parameter', unknown> })
      .error;
    if (typeof message === 'string')
      return typeof parameter === 'string' ? `${parameter}: ${message}` : message;
  } catch {
    // Any other server, or a proxy.
  }
  return body.trim().split('\n', 1)[0] || 'no message';
}

function noAnswer({ name, hint }: HttpTarget, { code, message }: NodeJS.ErrnoException): ReaderError {
  if (code === 'ECONNREFUSED' || code === 'ENOENT') {
    return new ReaderError('unavailable', `no answer from ${name}; ${hint}`);
  }
  if (code === 'EACCES') {
    return new ReaderError('refused', `${name} may be used by the user that it runs as only`);
  }
  const why = code === 'ECONNRESET' ? 'it closed the connection' : message;
  return new ReaderError('unavailable', `no answer from ${name}; ${why}`);
}
