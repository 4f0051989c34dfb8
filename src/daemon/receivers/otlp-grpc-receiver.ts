import { createServer, type Socket } from 'node:net';
import type {
  Metadata,
  Server,
  ServerCredentials,
  ServerInterceptor,
  ServerUnaryCall,
  sendUnaryData,
} from '@grpc/grpc-js';
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
import { RpcCode, statusBytes } from './rpc-status.ts';
import { takeRequest } from './take-request.ts';

type Grpc = typeof import('@grpc/grpc-js');
type Call = ServerUnaryCall<Buffer, Buffer>;

const METHOD = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
const BUSY_MILLIS = 1_000;
const MAX_CONNECTIONS = 10_000;
/** An empty `ExportLogsServiceResponse`. */
const EMPTY = Buffer.alloc(0);

/**
 * OTLP over gRPC: `LogsService/Export`. It answers only after the records are in the journal, on the disk; when there
 * is no room it answers UNAVAILABLE with a RetryInfo, which OTLP clients obey.
 *
 * It needs the package `@grpc/grpc-js`, which npm installs with this one unless it is told to omit optional packages.
 */
export class OtlpGrpcReceiver implements Receiver {
  readonly counters: ReceiverCounters = newCounters();
  readonly #options: ResolvedOtlpReceiverOptions;
  readonly #inFlight: InFlight;
  /** Ours and not grpc-js's: it knows its connections, and says what is wrong when it cannot listen. */
  readonly #listener = createServer({ noDelay: true });
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #endpoint = '';
  #stopped: Promise<void> | undefined;

  /** @throws TypeError, RangeError or Error for wrong options */
  constructor(options: OtlpReceiverOptions) {
    this.#options = resolveOtlpReceiver('OtlpGrpcReceiver', options);
    this.#inFlight = new InFlight(this.#options.maxInFlightBytes);
    this.#listener.maxConnections = MAX_CONNECTIONS;
    this.#listener.on('drop', () => countRefused(this.counters, 'connections'));
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  async start(): Promise<void> {
    const { address, setting, maxRequestBytes, tls } = this.#options;
    const grpc = await loadGrpc(setting);
    const server = new grpc.Server({
      'grpc.max_receive_message_length': maxRequestBytes,
      interceptors: [unreadableCounter(grpc, () => countRefused(this.counters, 'unreadable'))],
    });
    const raw = (bytes: Buffer) => bytes;
    const export_ = {
      path: METHOD,
      requestStream: false,
      responseStream: false,
      requestDeserialize: raw,
      requestSerialize: raw,
      responseDeserialize: raw,
      responseSerialize: raw,
      originalName: 'export',
    } as const;
    server.addService(
      { Export: export_ },
      { Export: (call: Call, done: sendUnaryData<Buffer>) => this.#export(grpc, call, done) },
    );
    const injector = server.createConnectionInjector(credentialsOf(grpc, tls));
    this.#listener.on('connection', (socket) => {
      this.#watch(socket);
      injector.injectConnection(socket);
    });
    this.#endpoint = await listen(this.#listener, address, setting);
    this.#server = server;
  }

  stop(graceMillis: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMillis);
    return this.#stopped;
  }

  /** grpc-js waits for ever for a connection that says nothing. */
  #watch(socket: Socket): void {
    const timer = setTimeout(() => {
      if (socket.bytesRead > 0) return;
      countRefused(this.counters, 'slow');
      socket.destroy();
    }, this.#options.headersMillis);
    timer.unref();
    this.#sockets.add(socket);
    // Else a client that goes away would be an error that nobody listens to.
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
  }

  async #stop(graceMillis: number): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    server.tryShutdown(() => {});
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    const timer = setTimeout(() => {
      server.forceShutdown();
      for (const socket of this.#sockets) socket.destroy();
    }, graceMillis);
    await closed;
    clearTimeout(timer);
    server.forceShutdown();
  }

  async #export(grpc: Grpc, call: Call, done: sendUnaryData<Buffer>): Promise<void> {
    const refuse = (code: number, message: string, retryAfterMillis?: number) => {
      const metadata = new grpc.Metadata();
      if (retryAfterMillis !== undefined) {
        metadata.set('grpc-status-details-bin', statusBytes(code, message, retryAfterMillis));
      }
      done({ code, details: message, metadata });
    };
    const { token, intake } = this.#options;
    if (token !== undefined && !isEqual(bearerOf(call.metadata), `Bearer ${token}`)) {
      countRefused(this.counters, 'unauthorized');
      return refuse(RpcCode.UNAUTHENTICATED, 'a token is needed: authorization: Bearer ...');
    }
    const bytes = call.request.length;
    if (!this.#inFlight.tryTake(bytes)) {
      countRefused(this.counters, 'busy');
      return refuse(RpcCode.UNAVAILABLE, 'too many requests are under way; come again', BUSY_MILLIS);
    }
    try {
      const taken = await takeRequest(intake, this.counters, call.request);
      if (taken.kind === 'taken') return done(null, EMPTY);
      if (taken.kind === 'malformed') return refuse(RpcCode.INVALID_ARGUMENT, taken.message);
      if (taken.kind === 'failed') return refuse(RpcCode.INTERNAL, 'the journal has failed');
      refuse(RpcCode.UNAVAILABLE, 'the journal is full; come again', taken.retryAfterMillis);
    } finally {
      this.#inFlight.give(bytes);
    }
  }
}

/**
 * grpc-js itself refuses what is too large, cannot be decompressed, or is cut off; our handler does not hear of it.
 * It never gets the message then.
 */
function unreadableCounter(grpc: Grpc, count: () => void): ServerInterceptor {
  return (_method, call) => {
    let isRead = false;
    const listener = new grpc.ServerListenerBuilder()
      .withOnReceiveMessage((message, next) => {
        isRead = true;
        next(message);
      })
      .withOnCancel(() => {
        if (!isRead) count();
      })
      .build();
    return new grpc.ServerInterceptingCall(call, { start: (next) => next(listener) });
  };
}

async function loadGrpc(setting: string): Promise<Grpc> {
  try {
    const loaded = (await import('@grpc/grpc-js')) as Grpc & { readonly default?: Grpc };
    return loaded.default ?? loaded;
  } catch (error) {
    throw new Error(`${setting} needs the package @grpc/grpc-js: npm install @grpc/grpc-js`, {
      cause: error,
    });
  }
}

function credentialsOf(grpc: Grpc, tls: OtlpReceiverOptions['tls']): ServerCredentials {
  if (tls === undefined) return grpc.ServerCredentials.createInsecure();
  const pair = { cert_chain: tls.cert ?? EMPTY, private_key: tls.key ?? EMPTY };
  return grpc.ServerCredentials.createSsl(tls.ca ?? null, [pair], tls.ca !== undefined);
}

function bearerOf(metadata: Metadata): string {
  return String(metadata.get('authorization')[0] ?? '');
}
