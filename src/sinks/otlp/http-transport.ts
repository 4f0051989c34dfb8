import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { problemText } from '../../record/index.ts';
import { type Answer, httpAnswer, type Transport } from './answer.ts';
import type { Destination } from './options.ts';

const MAX_RESPONSE_BYTES = 4_194_304;
const zip = promisify(gzip);
const FASTEST = { level: 1 };

/** OTLP/HTTP with protobuf bodies, over kept-alive connections. */
export function httpTransport(options: Destination): Transport {
  const { url, headers, compression, tls } = options;
  const isTls = url.protocol === 'https:';
  const agent = isTls
    ? new HttpsAgent({
        keepAlive: true,
        rejectUnauthorized: tls.insecure !== true,
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        ...(tls.cert === undefined ? {} : { cert: tls.cert }),
        ...(tls.key === undefined ? {} : { key: tls.key }),
      })
    : new HttpAgent({ keepAlive: true });
  const begin = isTls ? httpsRequest : httpRequest;
  return {
    async send(request, signal) {
      const body = compression === 'gzip' ? await zip(request, FASTEST) : request;
      signal.throwIfAborted();
      const message = begin(url, {
        agent: agent as HttpsAgent,
        method: 'POST',
        headers: {
          'user-agent': 'distlogd',
          ...headers,
          'content-type': 'application/x-protobuf',
          'content-length': body.length,
          ...(compression === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
        },
      });
      return await answered(message, body, options, signal);
    },
    close: () => agent.destroy(),
  };
}

function answered(
  message: ClientRequest,
  body: Uint8Array,
  { timeoutMillis, clock }: Destination,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const abort = () => message.destroy(new Error('aborted'));
    const timer = setTimeout(
      () => message.destroy(new Error(`no answer within ${timeoutMillis} ms`)),
      timeoutMillis,
    );
    const end = (answer: Answer) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (signal.aborted) reject(signal.reason);
      else resolve(answer);
    };
    const failed = (error: unknown) => end({ kind: 'later', afterMillis: 0, message: problemText(error) });
    signal.addEventListener('abort', abort, { once: true });
    message.on('error', failed);
    message.on('response', (response) => {
      bodyOf(response).then((bytes) => {
        end(httpAnswer(response.statusCode ?? 0, response.headers, bytes, clock.now()));
      }, failed);
    });
    message.end(body);
  });
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_RESPONSE_BYTES) throw new Error(`the response has more than ${MAX_RESPONSE_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
