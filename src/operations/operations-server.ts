import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ListenAddress } from '../net/index.ts';
import { type LoadedTls, listen, serverTls } from '../net/index.ts';
import { errorText } from '../record/index.ts';
import { refusalOf } from './allowed.ts';
import { type LoopDelay, metricsOf } from './metrics.ts';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus.ts';
import type { Snapshot } from './snapshot.ts';

/** Options of {@link OperationsServer}. */
export interface OperationsServerOptions {
  readonly address: ListenAddress;
  /** Needed for all but health and readiness, if it is given. */
  readonly token?: string | undefined;
  readonly tls?: LoadedTls | undefined;
  /** The name of the address's setting, for messages. */
  readonly setting: string;
  readonly view: () => Snapshot;
  /** Hands a sink its dead letters again. */
  readonly replayDeadLetters: (
    sink: string,
  ) => Promise<{ readonly letters: number; readonly records: number }>;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const REQUEST_MILLIS = 10_000;
const settings = {
  requestTimeout: REQUEST_MILLIS,
  headersTimeout: REQUEST_MILLIS,
  connectionsCheckingInterval: REQUEST_MILLIS / 2,
};
const MAX_CONNECTIONS = 256;
const LOOP_RESOLUTION_MILLIS = 10;

/**
 * Health, readiness, metrics and status of the daemon over HTTP, and the replay of dead letters.
 *
 * `GET /healthz` 200 while it can go on · `GET /readyz` 200 while it takes records · `GET /metrics` Prometheus text ·
 * `GET /status` the whole report, JSON · `POST /dlq/replay?sink=NAME`.
 */
export class OperationsServer {
  readonly #options: OperationsServerOptions;
  readonly #server: Server;
  readonly #loop: LoopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MILLIS });
  #endpoint = '';

  constructor(options: OperationsServerOptions) {
    this.#options = options;
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response);
    const { tls } = options;
    this.#server =
      tls === undefined
        ? createServer(settings, answer)
        : createTlsServer({ ...settings, ...serverTls(tls) }, answer);
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** @throws (rejects) with what is wrong and which setting changes it */
  async start(): Promise<void> {
    const { address, setting, tls } = this.#options;
    const where = await listen(this.#server, address, setting);
    this.#endpoint = `${tls === undefined ? 'http' : 'https'}://${where}`;
    this.#loop.enable();
  }

  /** Where it listens, with the real port. */
  get endpoint(): string {
    return this.#endpoint;
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    this.#loop.disable();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(request);
    } catch (error) {
      answer = { status: 500, text: `${errorText(error)}\n` };
    }
    const { status, text, type = TEXT_TYPE, headers = {} } = answer;
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
    const [pathname = '', query = ''] = (request.url ?? '').split('?', 2);
    const snapshot = this.#options.view();
    const health = healthAnswer(pathname, snapshot);
    const wanted = pathname === '/dlq/replay' ? ['POST'] : ['GET', 'HEAD'];
    const isKnown = health !== undefined || ['/metrics', '/status', '/dlq/replay'].includes(pathname);
    if (!isKnown) {
      return {
        status: 404,
        text: 'there are /healthz, /readyz, /metrics, /status and POST /dlq/replay?sink=NAME\n',
      };
    }
    if (!wanted.includes(request.method ?? '')) {
      return {
        status: 405,
        text: `${pathname} takes ${wanted.join(', ')}\n`,
        headers: { allow: wanted.join(', ') },
      };
    }
    if (health !== undefined) return health;
    const { token, address } = this.#options;
    const refusal = refusalOf(request, { host: address.host, token });
    if (refusal !== undefined) {
      const headers: Record<string, string> = refusal.status === 401 ? { 'www-authenticate': 'Bearer' } : {};
      return { status: refusal.status, text: `${refusal.text}\n`, headers };
    }
    if (pathname === '/metrics') {
      return {
        status: 200,
        text: prometheusText(metricsOf(snapshot, this.#loop, LOOP_RESOLUTION_MILLIS)),
        type: PROMETHEUS_CONTENT_TYPE,
      };
    }
    if (pathname === '/status') {
      const { report, ...state } = snapshot;
      return { status: 200, text: `${JSON.stringify({ ...state, ...report })}\n`, type: JSON_TYPE };
    }
    return await this.#replay(new URLSearchParams(query).get('sink') ?? '');
  }

  async #replay(sink: string): Promise<Answer> {
    try {
      const replayed = await this.#options.replayDeadLetters(sink);
      return { status: 200, text: `${JSON.stringify(replayed)}\n`, type: JSON_TYPE };
    } catch (error) {
      const text = error instanceof Error ? error.message : errorText(error);
      return { status: 409, text: `${JSON.stringify({ error: text })}\n`, type: JSON_TYPE };
    }
  }
}

/** What a supervisor asks, without a token: there is nothing to be learned from it. */
function healthAnswer(path: string, { state, reason }: Snapshot): Answer | undefined {
  const because = reason === undefined ? '' : `: ${reason}`;
  if (path === '/healthz') return { status: state === 'failed' ? 503 : 200, text: `${state}${because}\n` };
  if (path === '/readyz') return { status: state === 'ready' ? 200 : 503, text: `${state}${because}\n` };
  return undefined;
}
