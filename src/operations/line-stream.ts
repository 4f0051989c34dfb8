import type { ServerResponse } from 'node:http';

/** An answer that is written line by line. It begins with the first line, so an error before that has a status. */
export class LineStream {
  readonly #response: ServerResponse;
  readonly #closing = new AbortController();
  #draining: Promise<void> | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once('close', () => this.#closing.abort(new Error('the client has closed the connection')));
  }

  /** Aborted when nobody reads any more. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  /** How much the client has not taken yet. */
  get waitingBytes(): number {
    return this.#response.writableLength;
  }

  /** Sends the status, so that a client knows that it is heard though there is nothing to write yet. */
  begin(): void {
    if (this.hasBegun || this.signal.aborted) return;
    this.#response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    this.#response.flushHeaders();
  }

  /** @param lines with their line breaks @returns if the client is slow: resolves when it has caught up, or is gone */
  write(lines: string | Uint8Array): Promise<void> | undefined {
    if (this.signal.aborted) return undefined;
    this.begin();
    if (this.#response.write(lines)) return undefined;
    this.#draining ??= this.#drained();
    return this.#draining;
  }

  /** A line that says something about the answer. */
  say(about: Readonly<Record<string, unknown>>): Promise<void> | undefined {
    return this.write(`${JSON.stringify({ distlog: about })}\n`);
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
