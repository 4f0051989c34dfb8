import { request } from 'node:http';

/** A response of the reader's API, with its lines so far. */
export class Reading {
  status = 0;
  text = '';
  hasEnded = false;
  #onLines: () => void = () => {};
  #stop: () => void = () => {};

  /** @param endpoint `http://…` or `unix:/path` */
  static async get(endpoint: string, path: string, headers: Record<string, string> = {}): Promise<Reading> {
    const reading = new Reading();
    const socketPath = endpoint.startsWith('unix:') ? endpoint.slice('unix:'.length) : undefined;
    await new Promise<void>((resolve, reject) => {
      const url = new URL(path, socketPath === undefined ? endpoint : 'http://localhost');
      const asked = request(url, {
        headers,
        agent: false,
        ...(socketPath === undefined ? {} : { socketPath }),
      });
      asked.on('error', reject);
      asked.on('response', (response) => {
        reading.status = response.statusCode!;
        reading.#stop = () => void asked.destroy();
        response.setEncoding('utf8').on('data', (piece: string) => {
          reading.text += piece;
          reading.#onLines();
        });
        response.on('error', () => {});
        response.on('close', () => {
          reading.hasEnded = true;
          reading.#onLines();
        });
        resolve();
      });
      asked.end();
    });
    return reading;
  }

  /** Waits for this text. @throws (rejects) if the response ends before */
  async until(isThere: (text: string) => boolean): Promise<string> {
    while (!isThere(this.text)) {
      if (this.hasEnded) throw new Error(`ended with ${JSON.stringify(this.text)}`);
      await this.#next();
    }
    return this.text;
  }

  async end(): Promise<string> {
    while (!this.hasEnded) await this.#next();
    return this.text;
  }

  stop(): void {
    this.#stop();
  }

  async #next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onLines = resolve;
    });
  }
}

/** The lines with information about the response. */
export function remarksOf(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{"distlog"'))
    .map((line) => (JSON.parse(line) as { readonly distlog: unknown }).distlog);
}
