import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ListenAddress } from '../net/index.ts';
import {
  accessRefusal,
  type HttpAccess,
  type LoadedTls,
  listen,
  listenOnSocket,
  OpenSockets,
  requestTarget,
  serverTls,
  tlsSettings,
} from '../net/index.ts';
import { errorText } from '../record/index.ts';
import { LineStream } from './line-stream.ts';
import { LoopDelay } from './loop-delay.ts';
import { unavailable } from './reader-api.ts';
import { type Answer, type Route, routeOf, type StreamAnswer, textAnswer } from './route.ts';
import { type Operated, operationsRoutes } from './routes.ts';

/** Options of {@link OperationsServer}. */
export interface OperationsServerOptions extends Operated {
  /** An address, or the path of a Unix domain socket, whose users have full access. */
  readonly address: ListenAddress | SocketPath;
  /** If set, required for everything except health and readiness. */
  readonly token?: string | undefined;
  readonly tls?: LoadedTls | undefined;
  /** The name of the setting of the address, for messages. */
  readonly setting: string;
}

/** The path of a Unix domain socket. */
export interface SocketPath {
  readonly path: string;
}

const REQUEST_MILLIS = 10_000;
const settings = {
  requestTimeout: REQUEST_MILLIS,
  headersTimeout: REQUEST_MILLIS,
  connectionsCheckingInterval: REQUEST_MILLIS / 2,
};
const MAX_CONNECTIONS = 256;

/**
 * The operations server: an HTTP server for supervisors, Prometheus and `distlogd status`.
 *
 * It accepts at most 256 connections; beyond that the connection with the longest idle time is closed, so
 * that a liveness probe can always connect. {@link accessRefusal} decides about access. A route that throws
 * is answered with 500.
 */
export class OperationsServer {
  readonly #options: OperationsServerOptions;
  readonly #access: HttpAccess | undefined;
  readonly #routes: readonly Route[];
  readonly #server: Server;
  readonly #sockets: OpenSockets;
  readonly #loop = new LoopDelay();
  #endpoint = '';

  constructor(options: OperationsServerOptions) {
    this.#options = options;
    const { address, token, tls } = options;
    const hasClientCertificates = tls?.ca !== undefined;
    this.#access = 'path' in address ? undefined : { host: address.host, token, hasClientCertificates };
    this.#routes = operationsRoutes(options, this.#loop);
    this.#server =
      tls === undefined
        ? createServer(settings)
        : createTlsServer({ ...settings, ...serverTls(tls), ...tlsSettings(REQUEST_MILLIS) });
    this.#sockets = new OpenSockets(this.#server, MAX_CONNECTIONS);
    this.#server
      .on('request', (request, response) => this.#serve(request, response))
      .on('clientError', (_error, socket) => socket.destroy());
  }

  /** @throws (rejects) with the error and the setting that fixes it */
  async start(): Promise<void> {
    const { address, setting, tls } = this.#options;
    if ('path' in address) this.#endpoint = await listenOnSocket(this.#server, address.path);
    else {
      const where = await listen(this.#server, address, setting);
      this.#endpoint = `${tls === undefined ? 'http' : 'https'}://${where}`;
    }
    this.#loop.start();
  }

  /** The address where it listens, with the actual port. */
  get endpoint(): string {
    return this.#endpoint;
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    this.#loop.stop();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#sockets.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const done = this.#sockets.use(request.socket);
    response.once('close', done);
    const answer = await this.#answer(request).catch((error) => textAnswer(500, errorText(error)));
    if ('stream' in answer) await this.#stream(answer, request, response);
    else this.#send(answer, request, response);
  }

  #send({ status, text, type, headers }: Answer, request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  async #stream({ stream }: StreamAnswer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const out = new LineStream(response);
    if (request.method === 'HEAD') out.begin();
    try {
      if (request.method !== 'HEAD') await stream(out);
    } catch (error) {
      if (!out.hasBegun)
        return this.#send(
          unavailable(error instanceof Error ? error.message : errorText(error)),
          request,
          response,
        );
    }
    response.end();
  }

  async #answer(request: IncomingMessage): Promise<Answer | StreamAnswer> {
    const { path, query } = requestTarget(request.url ?? '');
    const route = routeOf(this.#routes, request.method ?? '', path);
    if ('status' in route) return route;
    const access = this.#access;
    const refusal = route.isOpen || access === undefined ? undefined : accessRefusal(request, access);
    if (refusal === undefined) return await route.answer(new URLSearchParams(query));
    const { status, text } = refusal;
    return textAnswer(status, text, status === 401 ? { 'www-authenticate': 'Bearer' } : {});
  }
}
