import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HEADER_BYTES, lengthsOf, messageBytes, type StoreAnswer, type StoreOrder } from './messages.ts';

export type Done = StoreAnswer & { readonly kind: 'done' };

/**
 * Receives the messages of a process before its last answer. A returned promise is awaited before the next
 * message.
 */
export type Listener = (answer: StoreAnswer, bytes: Buffer) => Promise<void> | undefined | void;

/** A process of the store ended while it had a request. */
export class ChildEnded extends Error {
  /**
   * The name of the file that it opened last, as far as it reported it. Undefined if the process was killed
   * by the daemon or for lack of memory, which says nothing about a file.
   */
  readonly at: string | undefined;

  constructor(message: string, at: string | undefined) {
    super(message);
    this.at = at;
  }
}

interface Pending {
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
  readonly listener: Listener;
}

/** Only the end of the standard error output is kept. */
const MAX_ERROR_CHARACTERS = 2_000;

/** The daemon's handle of a process of the store. It sends one request at a time. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #pending: Pending | undefined;
  #parts: Buffer[] = [];
  #held = 0;
  #isReading = false;
  /** Whether the process has answered, which shows that it has started. */
  hasAnswered = false;
  #at: string | undefined;
  #errors = '';
  #why: string | undefined;

  /** @param program the URL of the compiled `store-program` */
  constructor(program: URL, mode: 'write' | 'read') {
    // NODE_OPTIONS, such as preloaded modules, are meant for the daemon only.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const flags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];
    this.#process = spawn(process.execPath, [...flags, fileURLToPath(program), mode], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env,
      windowsHide: true,
    });
    const { stdin, stdout, stderr } = this.#process;
    stdin!.on('error', () => {});
    stdout!.on('data', (bytes: Buffer) => this.#take(bytes));
    stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-MAX_ERROR_CHARACTERS);
    });
    this.#ended = new Promise((resolve) => {
      this.#process.once('error', (error) => this.#end(error.message, resolve));
      // `close` comes after all of the process's output.
      this.#process.once('close', (code, signal) => {
        if (signal === 'SIGKILL') this.#at = undefined;
        this.#end(`ended with ${signal ?? code}`, resolve);
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return this.#why !== undefined;
  }

  /** Resolves when the process has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /**
   * Sends a request. Must not be called again before the answer.
   * @throws (rejects) ChildEnded if the process ends; an Error with its message if the request fails
   */
  order(order: StoreOrder, bodies: readonly Uint8Array[] = [], listener: Listener = () => {}): Promise<Done> {
    return new Promise((resolve, reject) => {
      if (this.#why !== undefined) return reject(new ChildEnded(this.#why, undefined));
      this.#at = undefined;
      this.#pending = { resolve, reject, listener };
      const stdin = this.#process.stdin!;
      stdin.cork();
      stdin.write(
        messageBytes(
          order,
          bodies.reduce((sum, { length }) => sum + length, 0),
        ),
      );
      for (const body of bodies) stdin.write(body);
      stdin.uncork();
    });
  }

  /** Lets the process finish its request and end. */
  finish(): void {
    this.#process.stdin!.end();
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #take(bytes: Buffer): void {
    this.hasAnswered = true;
    this.#parts.push(bytes);
    this.#held += bytes.length;
    if (!this.#isReading) void this.#read();
  }

  /**
   * Reads the messages that have arrived. While a listener is busy, the output is paused, so the process
   * waits.
   */
  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const taken = this.#hear(next.answer, next.bytes);
        if (taken === undefined) continue;
        this.#process.stdout!.pause();
        await taken;
        this.#process.stdout!.resume();
      }
    } catch {
      // The output is garbled or a listener failed, so the process is useless.
      this.kill();
    } finally {
      this.#isReading = false;
    }
  }

  #next(): { readonly answer: StoreAnswer; readonly bytes: Buffer } | undefined {
    if (this.#held < HEADER_BYTES) return undefined;
    const first = this.#parts[0]!.length >= HEADER_BYTES ? this.#parts[0]! : this.#joined();
    const { text, bytes } = lengthsOf(first);
    const length = HEADER_BYTES + text + bytes;
    if (this.#held < length) return undefined;
    const all = first.length >= length ? first : this.#joined();
    this.#parts[0] = all.subarray(length);
    if (this.#parts[0].length === 0) this.#parts.shift();
    this.#held -= length;
    const end = HEADER_BYTES + text;
    const answer = JSON.parse(all.toString('utf8', HEADER_BYTES, end)) as StoreAnswer;
    return { answer, bytes: all.subarray(end, length) };
  }

  #joined(): Buffer {
    const all = Buffer.concat(this.#parts);
    this.#parts = [all];
    return all;
  }

  #hear(answer: StoreAnswer, bytes: Buffer): Promise<void> | undefined {
    const pending = this.#pending;
    if (pending === undefined) return undefined;
    if (answer.kind === 'at') this.#at = answer.name;
    if (answer.kind !== 'done' && answer.kind !== 'failed') {
      return pending.listener(answer, bytes) ?? undefined;
    }
    this.#pending = undefined;
    if (answer.kind === 'done') pending.resolve(answer);
    else pending.reject(new Error(answer.message));
    return undefined;
  }

  #end(what: string, resolve: () => void): void {
    const errors = this.#errors.trim();
    this.#why ??= `the process of the store ${what}${errors === '' ? '' : `: ${errors}`}`;
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(new ChildEnded(this.#why, this.#at));
    resolve();
  }
}
