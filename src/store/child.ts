import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HEADER_BYTES, lengthsOf, messageBytes, type StoreAnswer, type StoreOrder } from './messages.ts';

export type Done = StoreAnswer & { readonly kind: 'done' };

/** Hears what a process says before its last answer. What it returns is waited for. */
export type Listener = (answer: StoreAnswer, bytes: Buffer) => Promise<void> | undefined | void;

/** A process of the store has ended while it had an order. */
export class ChildEnded extends Error {
  /**
   * The file that it opened last, as far as it said so. Undefined if it was killed, by the daemon or for want of memory:
   * that says nothing about a file.
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

/** Its last words are enough. */
const MAX_ERROR_CHARACTERS = 2_000;

/** A process of the store, as the daemon sees it: it gets one order at a time. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #pending: Pending | undefined;
  #parts: Buffer[] = [];
  #held = 0;
  #isReading = false;
  /** It has answered something: it has started. */
  hasAnswered = false;
  #at: string | undefined;
  #errors = '';
  #why: string | undefined;

  /** @param program where the compiled `store-program` is */
  constructor(program: URL, mode: 'write' | 'read') {
    // What the daemon was started with, such as preloaded modules, is for the daemon.
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
      // After all that it said.
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
   * Gives an order. Not to be called again before it is answered.
   * @throws (rejects) ChildEnded if the process ends; Error with what it says if it cannot
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

  /** Lets it finish what it does, and end. */
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

  /** Reads the messages that are here; waits for who takes them, and lets the process wait meanwhile. */
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
      // What it says is garbled, or nobody takes it: it is of no use any more.
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
