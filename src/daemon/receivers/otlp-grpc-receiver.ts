import type { Metadata, Server, ServerInterceptor, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { showAddress } from '../config/index.ts';
import type { Receiver, ReceiverCounters } from '../contract.ts';
import { isEqual } from '../http/index.ts';
import { listenError } from '../listen.ts';
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
  #server: Server | undefined;
  #endpoint = '';
  #stopped: Promise<void> | undefined;

  /** @throws TypeError, RangeError or Error for wrong options */
  constructor(options: OtlpReceiverOptions) {
    this.#options = resolveOtlpReceiver('OtlpGrpcReceiver', options);
    this.#inFlight = new InFlight(this.#options.maxInFlightBytes);
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  async start(): Promise<void> {
    const { address, setting, maxRequestBytes } = this.#options;
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
    const port = await bind(grpc, server, this.#options).catch((error) => {
      server.forceShutdown();
      throw listenError(portError(error), address, setting);
    });
    this.#server = server;
    this.#endpoint = showAddress({ host: address.host, port });
  }

  stop(graceMillis: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMillis);
    return this.#stopped;
  }

  async #stop(graceMillis: number): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const timer = setTimeout(() => server.forceShutdown(), graceMillis);
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
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

async function bind(
  grpc: Grpc,
  server: Server,
  { address, tls }: ResolvedOtlpReceiverOptions,
): Promise<number> {
  const pair = { cert_chain: tls?.cert ?? EMPTY, private_key: tls?.key ?? EMPTY };
  const credentials =
    tls === undefined
      ? grpc.ServerCredentials.createInsecure()
      : grpc.ServerCredentials.createSsl(tls.ca ?? null, [pair], tls.ca !== undefined);
  return await new Promise((resolve, reject) => {
    server.bindAsync(showAddress(address), credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

/** grpc-js tells of a port in use by its message alone. */
function portError(error: unknown): unknown {
  const [, code] = /\b(E[A-Z]{4,})\b/.exec((error as Error).message) ?? [];
  return code === undefined ? error : Object.assign(new Error((error as Error).message), { code });
}

function bearerOf(metadata: Metadata): string {
  return String(metadata.get('authorization')[0] ?? '');
}
