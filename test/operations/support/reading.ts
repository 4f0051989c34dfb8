import { request } from 'node:http';

/** An answer of the reader's API: its lines, as they came so far. */
export class Reading {
  status = 0;
  text = '';
  hasEnded = false;
  #heard: () => void = () => {};
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
          reading.#heard();
        });
        response.on('error', () => {});
        response.on('close', () => {
          reading.hasEnded = true;
          reading.#heard();
        });
        resolve();
      });
      asked.end();
    });
    return reading;
  }

  /** Waits until it says so. @throws (rejects) if it ends before */
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
      this.#heard = resolve;
    });
  }
}

/** The lines that say something about the answer. */
export function remarksOf(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{"distlog"'))
    .map((line) => (JSON.parse(line) as { readonly distlog: unknown }).distlog);
}
