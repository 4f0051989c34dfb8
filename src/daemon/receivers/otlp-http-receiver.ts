import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { decodeJsonLogs, encodeDecoded } from '../../wire/index.ts';
import type { Receiver, ReceiverCounters } from '../contract.ts';
import { isEqual } from '../http/index.ts';
import { listen } from '../listen.ts';
import { countRefused, newCounters } from './counters.ts';
import { InFlight } from './in-flight.ts';
import {
  type OtlpReceiverOptions,
  type ResolvedOtlpReceiverOptions,
  resolveOtlpReceiver,
} from './options.ts';
import { BodyError, type ReadBody, readBody } from './read-body.ts';
import { RpcCode, statusBytes } from './rpc-status.ts';
import { takeRequest } from './take-request.ts';

const PATH = '/v1/logs';
const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
/** How often slow clients are looked for, at least. */
const LOOK_MILLIS = 1_000;
/** So long the rest of a refused body is read and thrown away: a client that is cut off does not see its answer. */
const LINGER_MILLIS = 1_000;
const MAX_CONNECTIONS = 10_000;
const BUSY_MILLIS = 1_000;

interface Answer {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly retryAfterMillis?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * OTLP over HTTP: `POST /v1/logs`, protobuf or JSON, as it is or compressed (gzip, deflate). It answers only after the
 * records are in the journal, on the disk. What is refused is answered as the OTLP specification says, in the encoding
 * of the request, and counted by cause.
 */
export class OtlpHttpReceiver implements Receiver {
  readonly counters: ReceiverCounters = newCounters();
  readonly #options: ResolvedOtlpReceiverOptions;
  readonly #inFlight: InFlight;
  readonly #server: Server;
  /** Connections that were told of a fault: what else they send is no second one. */
  readonly #faulty = new WeakSet<Socket>();
  #endpoint = '';
  /** Requests that are not answered yet. */
  #underWay = 0;
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  /** @throws TypeError, RangeError or Error for wrong options */
  constructor(options: OtlpReceiverOptions) {
    this.#options = resolveOtlpReceiver('OtlpHttpReceiver', options);
    this.#inFlight = new InFlight(this.#options.maxInFlightBytes);
    const serve = (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch(() => response.destroy());
    };
    const { tls } = options;
    const { headersMillis, requestMillis } = this.#options;
    const settings = {
      requestTimeout: requestMillis,
      headersTimeout: headersMillis,
      connectionsCheckingInterval: Math.min(LOOK_MILLIS, headersMillis),
    };
    this.#server =
      tls === undefined
        ? createServer(settings, serve)
        : createTlsServer({ ...settings, ...tlsOf(tls) }, serve);
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('clientError', (error, socket) => this.#faultOf(error, socket as Socket));
    this.#server.on('drop', () => countRefused(this.counters, 'connections'));
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  async start(): Promise<void> {
    const { address, setting, tls } = this.#options;
    const where = await listen(this.#server, address, setting);
    this.#endpoint = `${tls === undefined ? 'http' : 'https'}://${where}`;
  }

  stop(graceMillis: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMillis);
    return this.#stopped;
  }

  async #stop(graceMillis: number): Promise<void> {
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#closeIfIdle();
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMillis);
    await closed;
    clearTimeout(timer);
  }

  /** Node alone would wait for connections that never sent anything. */
  #closeIfIdle(): void {
    if (this.#isStopping && this.#underWay === 0) this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#underWay += 1;
    response.once('close', () => {
      this.#underWay -= 1;
      this.#closeIfIdle();
    });
    const contentType = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
    const isJson = contentType === JSON_TYPE;
    const answer = await this.#answer(request, contentType);
    if (response.destroyed) return;
    // A body that was not read to its end would be taken for the next request.
    const mustClose = this.#isStopping || !request.complete;
    const body = bodyOf(answer, isJson);
    const headers: OutgoingHttpHeaders = {
      'content-type': isJson ? JSON_TYPE : PROTOBUF,
      'content-length': String(body.length),
      ...answer.headers,
    };
    if (answer.retryAfterMillis !== undefined)
      headers['retry-after'] = String(Math.ceil(answer.retryAfterMillis / 1_000));
    if (mustClose) headers['connection'] = 'close';
    response.writeHead(answer.status, headers);
    if (request.complete) response.end(body);
    else linger(request, response, body);
  }

  /** What is no HTTP, or came too slowly. A client that has gone has refused itself: its request is counted. */
  #faultOf({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
    if (code === 'ECONNRESET' || code === 'EPIPE' || this.#faulty.has(socket)) {
      socket.destroy();
      return;
    }
    this.#faulty.add(socket);
    const isSlow = code === 'ERR_HTTP_REQUEST_TIMEOUT';
    countRefused(this.counters, isSlow ? 'slow' : 'protocol');
    // Behind an answer that has begun there is no room for another.
    if (!socket.writable || socket.bytesWritten > 0) {
      socket.destroy();
      return;
    }
    const status = isSlow ? '408 Request Timeout' : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
      socket.destroy(),
    );
  }

  async #answer(request: IncomingMessage, contentType: string): Promise<Answer> {
    const early = this.#refuseEarly(request, contentType);
    if (early !== undefined) return early;
    let read: ReadBody;
    try {
      read = await readBody(request, this.#options.maxRequestBytes, this.#inFlight);
    } catch (error) {
      return this.#bodyFault(error);
    }
    try {
      return await this.#take(read.body, contentType === JSON_TYPE);
    } finally {
      read.release();
    }
  }

  #refuseEarly(request: IncomingMessage, contentType: string): Answer | undefined {
    const { token } = this.#options;
    const path = (request.url ?? '').split('?', 1)[0];
    if (path !== PATH) return this.#refuse('path', 404, RpcCode.UNIMPLEMENTED, `there is POST ${PATH} only`);
    if (request.method !== 'POST') {
      return {
        ...this.#refuse('method', 405, RpcCode.UNIMPLEMENTED, `${PATH} takes POST`),
        headers: { allow: 'POST' },
      };
    }
    if (token !== undefined && !isEqual(request.headers.authorization ?? '', `Bearer ${token}`)) {
      return {
        ...this.#refuse(
          'unauthorized',
          401,
          RpcCode.UNAUTHENTICATED,
          'a token is needed: Authorization: Bearer ...',
        ),
        headers: { 'www-authenticate': 'Bearer' },
      };
    }
    if (contentType !== PROTOBUF && contentType !== JSON_TYPE) {
      const message = `the content type must be ${PROTOBUF} or ${JSON_TYPE}`;
      return this.#refuse('content_type', 415, RpcCode.INVALID_ARGUMENT, message);
    }
    return undefined;
  }

  #bodyFault(error: unknown): Answer {
    const { fault, message } = error instanceof BodyError ? error : new BodyError('malformed', String(error));
    if (fault === 'busy') {
      return { ...this.#refuse('busy', 503, RpcCode.UNAVAILABLE, message), retryAfterMillis: BUSY_MILLIS };
    }
    if (fault === 'too_large') return this.#refuse('too_large', 413, RpcCode.RESOURCE_EXHAUSTED, message);
    if (fault === 'encoding') return this.#refuse('encoding', 415, RpcCode.INVALID_ARGUMENT, message);
    return this.#refuse(fault, 400, RpcCode.INVALID_ARGUMENT, message);
  }

  async #take(body: Buffer, isJson: boolean): Promise<Answer> {
    let bytes: Uint8Array = body;
    if (isJson) {
      try {
        bytes = encodeDecoded(decodeJsonLogs(body));
      } catch (error) {
        return this.#refuse('malformed', 400, RpcCode.INVALID_ARGUMENT, (error as Error).message);
      }
    }
    const taken = await takeRequest(this.#options.intake, this.counters, bytes);
    switch (taken.kind) {
      case 'taken':
        return { status: 200, code: 0, message: '' };
      case 'malformed':
        return { status: 400, code: RpcCode.INVALID_ARGUMENT, message: taken.message };
      case 'full': {
        const message = 'the journal is full; come again';
        return { status: 503, code: RpcCode.UNAVAILABLE, message, retryAfterMillis: taken.retryAfterMillis };
      }
      case 'failed':
        return { status: 500, code: RpcCode.INTERNAL, message: 'the journal has failed' };
    }
  }

  #refuse(cause: string, status: number, code: number, message: string): Answer {
    countRefused(this.counters, cause);
    return { status, code, message };
  }
}

/** Answers a request whose body is still on its way. */
function linger(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MILLIS);
  request.once('end', end);
  request.once('close', end);
  response.write(body);
  request.resume();
}

/** An empty `ExportLogsServiceResponse`, or a `google.rpc.Status`. */
function bodyOf({ status, code, message }: Answer, isJson: boolean): Buffer {
  if (status === 200) return Buffer.from(isJson ? '{}' : '');
  return isJson ? Buffer.from(JSON.stringify({ code, message })) : statusBytes(code, message);
}

function tlsOf({ cert, key, ca }: NonNullable<OtlpReceiverOptions['tls']>) {
  if (ca === undefined) return { cert, key };
  return { cert, key, ca, requestCert: true, rejectUnauthorized: true };
}
