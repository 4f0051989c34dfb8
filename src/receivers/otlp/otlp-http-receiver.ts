import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Receiver, ReceiverCounters } from '../../component/index.ts';
import { countRefused, newCounters, Refusals } from '../../component/index.ts';
import {
  accessRefusal,
  type HttpAccess,
  isLoopback,
  listen,
  OpenSockets,
  requestTarget,
  serverTls,
  tlsSettings,
} from '../../net/index.ts';
import { answerRefused, answerTaken } from './http-answer.ts';
import { InFlight, type Share } from './in-flight.ts';
import { inFlightBound, type OtlpHttpReceiverOptions, type OtlpReceiverTools } from './options.ts';
import { busy, compressionOf, readBody, tooLarge } from './read-body.ts';
import { type Refusal, refusal, requestOf, type Sender } from './refusal.ts';
import { fromJson, NO_RECORDS, type Taken, takeRequest } from './take-request.ts';

const PATH = '/v1/logs';
const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
/**
 * Longer than the interval between two exports, so that exporters do not use a connection that is being
 * closed.
 */
const KEEP_ALIVE_MILLIS = 75_000;

/** Errors of Node's HTTP parser: the cause for the counters, and the answer. All others: 400 `protocol`. */
const protocolFaults: Readonly<Record<string, readonly [cause: string, status: string]>> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', '431 Request Header Fields Too Large'],
  // OTLP clients do not retry 408.
  ERR_HTTP_REQUEST_TIMEOUT: ['timeout', '503 Service Unavailable'],
};

/** Errors that mean that the client has disconnected. */
const connectionFaults: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/**
 * OTLP over HTTP: `POST /v1/logs`, protobuf or JSON, uncompressed or compressed (gzip, deflate, zstd where
 * Node.js supports it). It answers only after the records are in the journal, on disk. Refused requests are
 * answered as the OTLP specification requires, in the encoding of the request, and counted by cause.
 *
 * Bounds: the bytes of a request after decompression, the bytes of all requests together, the number of
 * connections, and the time for headers and body. Web pages cannot send records here: both content types make
 * a browser send a preflight request, which gets 405. Without a token, a request to a loopback address must
 * also name this host and come from no other origin.
 */
export class OtlpHttpReceiver implements Receiver {
  readonly counters: ReceiverCounters = newCounters();
  readonly #options: OtlpHttpReceiverOptions;
  readonly #tools: OtlpReceiverTools;
  readonly #inFlight: InFlight;
  readonly #server: Server;
  readonly #sockets: OpenSockets;
  readonly #refusals: Refusals;
  readonly #access: HttpAccess;
  readonly #faulty = new WeakSet<Duplex>();
  #endpoint = '';
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: OtlpHttpReceiverOptions, tools: OtlpReceiverTools) {
    this.#options = options;
    this.#tools = tools;
    const { endpoint, requestMillis, headersMillis, maxConnections } = options;
    const { tls, token, setting, log } = tools;
    this.#inFlight = new InFlight(inFlightBound(options));
    this.#refusals = new Refusals(setting, this.counters, log);
    // Beyond loopback the server can have names that are not known here.
    const anyName = tls?.ca !== undefined || !isLoopback(endpoint.host);
    this.#access = { host: endpoint.host, token, hasClientCertificates: anyName };
    const settings = {
      requestTimeout: requestMillis,
      headersTimeout: Math.min(headersMillis, requestMillis),
      connectionsCheckingInterval: Math.min(5_000, headersMillis, requestMillis),
      keepAliveTimeout: KEEP_ALIVE_MILLIS,
    };
    this.#server =
      tls === undefined
        ? createServer(settings)
        : createTlsServer({ ...settings, ...serverTls(tls), ...tlsSettings(headersMillis) });
    this.#server.maxConnections = maxConnections;
    this.#sockets = new OpenSockets(this.#server);
    this.#server
      .on('request', (request, response) => this.#serve(request, response))
      .on('checkContinue', (request, response) => this.#serve(request, response, true))
      .on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => this.#clientError(error, socket))
      .on('drop', () => countRefused(this.counters, 'connections'));
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  /** Bytes of requests that are being read or wait for the journal. */
  get inFlightBytes(): number {
    return this.#inFlight.bytes;
  }

  async start(): Promise<void> {
    const { setting, tls } = this.#tools;
    const where = await listen(this.#server, this.#options.endpoint, setting);
    this.#endpoint = `${tls === undefined ? 'http' : 'https'}://${where}`;
  }

  stop(graceMillis: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMillis);
    return this.#stopped;
  }

  async #stop(graceMillis: number): Promise<void> {
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#sockets.destroyUnused();
    const timer = setTimeout(() => this.#sockets.destroy(), graceMillis);
    await closed;
    clearTimeout(timer);
  }

  #serve(request: IncomingMessage, response: ServerResponse, isAsking = false): void {
    response.once('close', this.#sockets.use(request.socket));
    const isJson = contentTypeOf(request) === JSON_TYPE;
    const share = this.#inFlight.share();
    this.#judge(request, share, isAsking ? () => response.writeContinue() : () => {})
      .catch((error: unknown): Taken => refusal('internal', String(error)))
      .then((taken) => {
        const close = this.#isStopping;
        if (taken.kind === 'taken') {
          const { warning } = taken;
          if (warning !== undefined) this.#refusals.refused(NO_RECORDS, requestOf(request.socket), warning);
          return answerTaken(response, { isJson, close }, warning);
        }
        this.#refusals.refused(taken.cause, requestOf(request.socket), taken.message);
        return answerRefused(request, response, taken, { isJson, close, isAsking });
      })
      .catch(() => response.destroy())
      .finally(() => share?.release());
  }

  async #judge(request: IncomingMessage, share: Share | undefined, proceed: () => void): Promise<Taken> {
    const early = this.#refuseEarly(request);
    if (early !== undefined) return early;
    if (share === undefined) return busy();
    const compression = compressionOf(request.headers['content-encoding']);
    if (typeof compression === 'object') return compression;
    const isJson = contentTypeOf(request) === JSON_TYPE;
    const { maxRequestBytes: maxBytes } = this.#options;
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge(maxBytes);
    proceed();
    const givesWay = share.evicted.then(busy);
    const body = await Promise.race([readBody(request, compression, { maxBytes, share }), givesWay]);
    share.complete();
    if (body.kind === 'refused') return body;
    const logs = isJson ? await fromJson(body.bytes) : ({ kind: 'request', body: body.bytes } as const);
    if (logs.kind === 'refused') return logs;
    return await takeRequest(this.#tools.intake, this.counters, logs, maxBytes);
  }

  /** Checks the headers before anything of the body is read. */
  #refuseEarly(request: IncomingMessage): Refusal | undefined {
    if (requestTarget(request.url ?? '').path !== PATH) {
      return refusal('path', `distlogd accepts logs only, at POST ${PATH}`);
    }
    if (request.method !== 'POST') return refusal('method', `${PATH} accepts POST only`);
    const denied = accessRefusal(request, this.#access);
    if (denied !== undefined)
      return refusal(denied.status === 401 ? 'unauthorized' : 'forbidden', denied.text);
    const contentType = contentTypeOf(request);
    if (contentType !== PROTOBUF && contentType !== JSON_TYPE) {
      return refusal('content_type', `the content type must be ${PROTOBUF} or ${JSON_TYPE}`);
    }
    return this.#isStopping ? refusal('stopping', 'the daemon is stopping; retry later') : undefined;
  }

  /** Handles bytes that are not HTTP or do not arrive in time. */
  #clientError(
    { code = '' }: NodeJS.ErrnoException,
    socket: Duplex & { _httpMessage?: ServerResponse },
  ): void {
    const [cause, status] = protocolFaults[code] ?? ['protocol', '400 Bad Request'];
    const { _httpMessage: response } = socket;
    // A request whose body is invalid is counted elsewhere. The parser may report further errors for the rest
    // of the data.
    const isCounted = response !== undefined || this.#faulty.has(socket) || connectionFaults.has(code);
    if (!isCounted) this.#refusals.refused(cause, requestOf(socket as Sender), code);
    this.#faulty.add(socket);
    if (!socket.writable || response?.headersSent === true) return void socket.destroy();
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
      socket.destroy(),
    );
  }
}

function contentTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
}
