import type { ServerResponse } from 'node:http';

/**
 * A response that is written line by line. The headers are sent with the first line, so earlier errors have a
 * status.
 */
export class LineStream {
  readonly #response: ServerResponse;
  readonly #closing = new AbortController();
  #draining: Promise<void> | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once('close', () => this.#closing.abort(new Error('the client has closed the connection')));
  }

  /** Aborted when the client has closed the connection. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  /** The number of bytes that the client has not received yet. */
  get waitingBytes(): number {
    return this.#response.writableLength;
  }

  /** Sends the status, so that the client gets a response even if there are no lines yet. */
  begin(): void {
    if (this.hasBegun || this.signal.aborted) return;
    this.#response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    this.#response.flushHeaders();
  }

  /**
   * Writes lines with their line breaks. @returns if the client is slow, a promise for when it has caught up
   * or closed
   */
  write(lines: string | Uint8Array): Promise<void> | undefined {
    if (this.signal.aborted) return undefined;
    this.begin();
    if (this.#response.write(lines)) return undefined;
    this.#draining ??= this.#drained();
    return this.#draining;
  }

  /** Writes a line with information about the response. */
  writeInfo(info: Readonly<Record<string, unknown>>): Promise<void> | undefined {
    return this.write(`${JSON.stringify({ distlog: info })}\n`);
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#response.off('drain', done);
        this.signal.removeEventListener('abort', done);
        this.#draining = undefined;
        resolve();
      };
      this.#response.once('drain', done);
      this.signal.addEventListener('abort', done);
    });
  }
}
