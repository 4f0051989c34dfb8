import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ListenAddress } from '../net/index.ts';
import {
  accessRefusal,
  type HttpAccess,
  type LoadedTls,
  listen,
  OpenSockets,
  requestTarget,
  serverTls,
  tlsSettings,
} from '../net/index.ts';
import { errorText } from '../record/index.ts';
import { LoopDelay } from './loop-delay.ts';
import { type Answer, type Route, routeOf, textAnswer } from './route.ts';
import { type Operated, operationsRoutes } from './routes.ts';

/** Options of {@link OperationsServer}. */
export interface OperationsServerOptions extends Operated {
  readonly address: ListenAddress;
  /** Needed for all but health and readiness, if it is given. */
  readonly token?: string | undefined;
  readonly tls?: LoadedTls | undefined;
  /** The name of the address's setting, for messages. */
  readonly setting: string;
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
 * At most 256 connections: beyond that the one that has been idle for the longest time is closed, so that a liveness
 * probe always gets in. Who may ask is said by {@link accessRefusal}. A route that throws is answered with 500.
 */
export class OperationsServer {
  readonly #options: OperationsServerOptions;
  readonly #access: HttpAccess;
  readonly #routes: readonly Route[];
  readonly #server: Server;
  readonly #sockets: OpenSockets;
  readonly #loop = new LoopDelay();
  #endpoint = '';

  constructor(options: OperationsServerOptions) {
    this.#options = options;
    const { address, token, tls } = options;
    this.#access = { host: address.host, token, hasClientCertificates: tls?.ca !== undefined };
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

  /** @throws (rejects) with what is wrong and which setting changes it */
  async start(): Promise<void> {
    const { address, setting, tls } = this.#options;
    const where = await listen(this.#server, address, setting);
    this.#endpoint = `${tls === undefined ? 'http' : 'https'}://${where}`;
    this.#loop.start();
  }

  /** Where it listens, with the real port. */
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
    const { status, text, type, headers } = await this.#answer(request).catch((error) =>
      textAnswer(500, errorText(error)),
    );
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { path, query } = requestTarget(request.url ?? '');
    const route = routeOf(this.#routes, request.method ?? '', path);
    if ('status' in route) return route;
    const refusal = route.isOpen ? undefined : accessRefusal(request, this.#access);
    if (refusal === undefined) return await route.answer(new URLSearchParams(query));
    const { status, text } = refusal;
    return textAnswer(status, text, status === 401 ? { 'www-authenticate': 'Bearer' } : {});
  }
}
