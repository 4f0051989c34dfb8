import { retryLaterError } from '../../component/index.ts';
import { decodeReply } from '../../frames/index.ts';
import type { CurveClientKeys } from '../../net/index.ts';
import { type Clock, problemText } from '../../record/index.ts';
import { ZmtpClient, type ZmtpError } from '../../zmtp/index.ts';
import type { Exchange } from './exchange.ts';

const MAX_REPLY_BYTES = 4_096;
const REPLY_FRAMES = 3;

export interface ForwardLinkOptions {
  readonly endpoint: string;
  readonly curve: CurveClientKeys | undefined;
  readonly timeoutMillis: number;
  readonly clock: Clock;
}

interface Running {
  opened(): void;
  message(frames: readonly Uint8Array[]): void;
  pump(): void;
  fail(error: Error): void;
}

/** The connection to another daemon. It runs one exchange at a time. */
export class ForwardLink {
  readonly #options: ForwardLinkOptions;
  readonly #client: ZmtpClient;
  #running: Running | undefined;

  constructor(options: ForwardLinkOptions) {
    const { endpoint, curve, timeoutMillis, clock } = options;
    this.#options = options;
    this.#client = new ZmtpClient(
      {
        endpoint,
        curve,
        clock,
        socketType: 'DEALER',
        peerTypes: ['ROUTER'],
        maxMessageBytes: MAX_REPLY_BYTES,
        maxFrames: REPLY_FRAMES,
        heartbeatMillis: 5_000,
        handshakeMillis: timeoutMillis,
        reconnectMillis: 100,
        reconnectMaxMillis: 5_000,
      },
      {
        opened: () => this.#running?.opened(),
        message: (frames) => this.#running?.message(frames),
        drained: () => this.#running?.pump(),
        lost: (error) => this.#running?.fail(this.#lost(error)),
      },
    );
  }

  /** @throws (rejects) if the exchange was not completed; it must be repeated from the beginning */
  run(exchange: Exchange, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const { clock, timeoutMillis, endpoint } = this.#options;
      let cancel = () => {};
      const end = (error?: unknown) => {
        cancel();
        signal.removeEventListener('abort', aborted);
        this.#running = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      const aborted = () => end(signal.reason);
      const wait = () => {
        cancel();
        cancel = clock.after(timeoutMillis, () => {
          end(new Error(`${endpoint} did not reply within ${timeoutMillis} ms`));
          this.#client.reconnect();
        });
      };
      const pump = () => {
        while (!this.#client.isFull) {
          const frames = exchange.next();
          if (frames === undefined) break;
          this.#client.send(frames);
        }
        if (exchange.isDone) end();
      };
      this.#running = {
        opened: () => this.#client.send(exchange.hello()),
        pump,
        fail: end,
        message: (frames) => {
          try {
            exchange.receive(decodeReply(frames));
          } catch (error) {
            return end(new Error(`a reply of ${endpoint} is invalid: ${problemText(error)}`));
          }
          if (exchange.pauseMillis !== undefined) {
            return end(retryLaterError(`${endpoint} accepts no batches at the moment`, exchange.pauseMillis));
          }
          wait();
          pump();
        },
      };
      signal.addEventListener('abort', aborted, { once: true });
      if (signal.aborted) return aborted();
      wait();
      if (this.#client.isOpen) this.#running.opened();
    });
  }

  close(): void {
    this.#client.close(0);
  }

  #lost({ cause, message }: ZmtpError): Error {
    return new Error(`no connection to ${this.#options.endpoint} (${cause}): ${message}`);
  }
}
