import type { RateLimitedWarnings } from '../record/index.ts';
import { ZmtpClient, type ZmtpClientEvents, type ZmtpError } from '../zmtp/index.ts';
import type { ResolvedExporterOptions } from './exporter-options.ts';

/** The maximum size of a daemon's message: a reply has 56 bytes and a cause. */
const MAX_REPLY_BYTES = 4_096;
const REPLY_FRAMES = 3;
/** A connection must be established within this many heartbeats. */
const HANDSHAKE_HEARTBEATS = 3;
const HANDSHAKE_MILLIS = 10_000;
/** The operator is warned after this long without a connection or a reply. */
const SILENT_MILLIS = 10_000;

/** The socket of an exporter, and the warnings about it. */
export class ServerSocket {
  readonly #options: ResolvedExporterOptions;
  readonly #warnings: RateLimitedWarnings;
  readonly #client: ZmtpClient;
  #lastError: string | undefined;

  constructor(
    socketType: 'DEALER' | 'PUSH',
    options: ResolvedExporterOptions,
    warnings: RateLimitedWarnings,
    events: ZmtpClientEvents,
  ) {
    this.#options = options;
    this.#warnings = warnings;
    const { endpoint, curve, heartbeatMillis, reconnectMillis, reconnectMaxMillis, clock } = options;
    this.#client = new ZmtpClient(
      {
        ...{ endpoint, curve, heartbeatMillis, reconnectMillis, reconnectMaxMillis, clock, socketType },
        peerTypes: [socketType === 'DEALER' ? 'ROUTER' : 'PULL'],
        maxMessageBytes: MAX_REPLY_BYTES,
        maxFrames: REPLY_FRAMES,
        handshakeMillis:
          heartbeatMillis === 0 ? HANDSHAKE_MILLIS : Math.max(1_000, HANDSHAKE_HEARTBEATS * heartbeatMillis),
      },
      {
        ...events,
        opened: () => {
          this.#lastError = undefined;
          events.opened();
        },
        lost: (error, unsentBytes) => {
          this.#lost(error);
          events.lost(error, unsentBytes);
        },
      },
    );
  }

  get isOpen(): boolean {
    return this.#client.isOpen;
  }

  get isFull(): boolean {
    return this.#client.isFull;
  }

  get bytesWaiting(): number {
    return this.#client.bytesWaiting;
  }

  send(frames: readonly Uint8Array[]): void {
    this.#client.send(frames);
  }

  reconnect(): void {
    this.#client.reconnect();
  }

  close(lingerMillis: number): void {
    this.#client.close(lingerMillis);
  }

  /** @param what what is delayed */
  warnOfSilence(silentMillis: number, what: string): void {
    if (silentMillis < SILENT_MILLIS) return;
    const state = this.#client.isOpen ? 'connected, but no reply' : 'no connection';
    const reason = this.#lastError === undefined ? '' : ` (${this.#lastError})`;
    const keys = this.#options.curve === undefined ? '' : ', and that the CURVE keys match';
    this.#warnings.warn(
      'silence',
      `${state} for ${Math.round(silentMillis / 1000)} s${reason}; ${what}: ` +
        `check that distlogd listens on ${this.#options.endpoint}${keys}`,
    );
  }

  /**
   * Records the error. Warns at once if the daemon refuses this client, but not if it is merely unavailable.
   */
  #lost({ cause, message }: ZmtpError): void {
    this.#lastError = message;
    if (cause !== 'unauthorized' && cause !== 'mismatch' && cause !== 'not_zmtp') return;
    this.#warnings.warn(
      'refused',
      `no connection to ${this.#options.endpoint} (${cause}): ${message}; retrying`,
    );
  }
}
