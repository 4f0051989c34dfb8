import {
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Server } from 'node:net';
import type { Receiver, ReceiverCounters } from '../../component/index.ts';
import { countRefused, newCounters, Refusals } from '../../component/index.ts';
import { hasToken, listen, OpenSockets, serverTls, tlsSettings } from '../../net/index.ts';
import { answerHttp, answerRefused, answerTaken } from './grpc-answer.ts';
import { readGrpcMessage } from './grpc-message.ts';
import { GrpcSessions } from './grpc-sessions.ts';
import { InFlight, type Share } from './in-flight.ts';
import { inFlightBound, type OtlpGrpcReceiverOptions, type OtlpReceiverTools } from './options.ts';
import { busy } from './read-body.ts';
import { type Refusal, refusal, requestOf } from './refusal.ts';
import { NO_RECORDS, type Taken, takeRequest } from './take-request.ts';

const PATH = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
const MAX_STREAMS = 128;
const STREAM_WINDOW_BYTES = 256 * 2 ** 10;
const SESSION_MEBIBYTES = 16;
const MAX_HEADERS_BYTES = 16_384;
const MAX_HEADERS = 64;

/**
 * OTLP over gRPC: `LogsService/Export`. It answers only after the records are in the journal, on disk. If
 * there is no room, it answers UNAVAILABLE with a RetryInfo, which OTLP clients obey. Refused requests are
 * counted by cause.
 *
 * It implements the gRPC protocol over Node's HTTP/2 itself: unary calls of raw bytes are simple, and grpc-js
 * buffers the whole message of every open call before it can check whether there is room, or whether the
 * client sent its token.
 *
 * Bounds: the bytes of a message after decompression, the bytes of all calls together, the number of
 * connections and of calls on each, and the time for a call.
 */
export class OtlpGrpcReceiver implements Receiver {
  readonly counters: ReceiverCounters = newCounters();
  readonly #options: OtlpGrpcReceiverOptions;
  readonly #tools: OtlpReceiverTools;
  readonly #inFlight: InFlight;
  readonly #server: Server;
  readonly #sessions: GrpcSessions;
  readonly #sockets: OpenSockets;
  readonly #refusals: Refusals;
  #endpoint = '';
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: OtlpGrpcReceiverOptions, tools: OtlpReceiverTools) {
    this.#options = options;
    this.#tools = tools;
    const { maxConnections, headersMillis } = options;
    const { tls, setting, log } = tools;
    this.#inFlight = new InFlight(inFlightBound(options));
    this.#refusals = new Refusals(setting, this.counters, log);
    this.#sessions = new GrpcSessions(headersMillis);
    const settings = {
      maxSessionMemory: SESSION_MEBIBYTES,
      maxHeaderListPairs: MAX_HEADERS,
      unknownProtocolTimeout: headersMillis,
      settings: {
        enablePush: false,
        maxConcurrentStreams: MAX_STREAMS,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: MAX_HEADERS_BYTES,
      },
    };
    const server =
      tls === undefined
        ? createServer(settings)
        : createSecureServer({ ...settings, ...serverTls(tls), ...tlsSettings(headersMillis) });
    this.#sockets = new OpenSockets(server);
    server.on('session', (session: ServerHttp2Session) => {
      const { socket } = session;
      session.once('close', this.#sockets.use(socket));
      this.#sessions.add(session, this.#sockets.from(socket));
    });
    server.on('stream', (stream: ServerHttp2Stream, headers) => this.#serve(stream, headers));
    server.on('sessionError', () => countRefused(this.counters, 'protocol'));
    server.on('tlsClientError', () => countRefused(this.counters, 'tls'));
    server.on('unknownProtocol', () => countRefused(this.counters, 'protocol'));
    server.on('drop', () => countRefused(this.counters, 'connections'));
    this.#server = server;
    server.maxConnections = maxConnections;
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  /** Bytes of requests that are being read or wait for the journal. */
  get inFlightBytes(): number {
    return this.#inFlight.bytes;
  }

  async start(): Promise<void> {
    this.#endpoint = await listen(this.#server, this.#options.endpoint, this.#tools.setting);
  }

  stop(graceMillis: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMillis);
    return this.#stopped;
  }

  async #stop(graceMillis: number): Promise<void> {
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#sessions.close();
    this.#sockets.destroyUnused();
    const timer = setTimeout(() => this.#sockets.destroy(), graceMillis);
    await closed;
    clearTimeout(timer);
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // The reader of the stream handles its errors.
    stream.on('error', () => {});
    const status = httpStatusOf(headers);
    if (status !== undefined) {
      this.#refusals.refused(
        status === 405 ? 'method' : 'content_type',
        requestOf(stream.session?.socket),
        'the request is not gRPC',
      );
      return answerHttp(stream, status);
    }
    const share = this.#inFlight.share();
    this.#judge(stream, headers, share)
      .catch((error: unknown): Taken => refusal('internal', String(error)))
      .then((taken) => {
        const request = requestOf(stream.session?.socket);
        if (taken.kind === 'taken') {
          if (taken.warning !== undefined) this.#refusals.refused(NO_RECORDS, request, taken.warning);
          return answerTaken(stream, taken.warning);
        }
        this.#refusals.refused(taken.cause, request, taken.message);
        answerRefused(stream, taken);
      })
      .catch(() => stream.destroy())
      .finally(() => share?.release());
  }

  async #judge(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    share: Share | undefined,
  ): Promise<Taken> {
    const early = this.#refuseEarly(headers);
    if (early !== undefined) return early;
    if (share === undefined) return busy();
    const { maxRequestBytes, requestMillis } = this.#options;
    const { intake } = this.#tools;
    const tooSlow = new Promise<Refusal>((resolve) => {
      const timer = setTimeout(
        () => resolve(refusal('timeout', `the message did not arrive within ${requestMillis} ms`)),
        requestMillis,
      );
      const clear = () => clearTimeout(timer);
      stream.once('end', clear).once('close', clear);
    });
    const reading = readGrpcMessage(stream, grpcEncodingOf(headers), { maxBytes: maxRequestBytes, share });
    const body = await Promise.race([reading, tooSlow, share.evicted.then(busy)]);
    share.complete();
    // The stream of a client that aborts ends like that of one that has finished.
    if (stream.aborted || stream.destroyed) return refusal('aborted', 'the call was aborted');
    if (body.kind === 'refused') return body;
    return await takeRequest(intake, this.counters, { kind: 'request', body: body.bytes }, maxRequestBytes);
  }

  /** Checks the headers before anything of the message is read. */
  #refuseEarly(headers: IncomingHttpHeaders): Refusal | undefined {
    if (headers[':path'] !== PATH) return refusal('path', `the only method is ${PATH}`);
    if (!hasToken(headers.authorization, this.#tools.token)) {
      return refusal('unauthorized', 'a token is required: authorization: Bearer ...');
    }
    return this.#isStopping ? refusal('stopping', 'the daemon is stopping; retry later') : undefined;
  }
}

/** The HTTP status for a request that is not gRPC; undefined if it is. */
function httpStatusOf(headers: IncomingHttpHeaders): number | undefined {
  if (headers[':method'] !== 'POST') return 405;
  return /^application\/grpc(?:\+proto)?(?:;|$)/i.test(headers['content-type'] ?? '') ? undefined : 415;
}

function grpcEncodingOf(headers: IncomingHttpHeaders): string | undefined {
  const encoding = headers['grpc-encoding'];
  return Array.isArray(encoding) ? encoding[0] : encoding;
}
