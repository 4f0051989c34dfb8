import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * A program of this folder in its own process, which handles one request at a time.
 */
export class Program {
  #child;
  /** @type {((answer: unknown) => void) | undefined} */
  #resolve;
  /** @type {((error: Error) => void) | undefined} */
  #reject;
  /** @type {Error | undefined} */
  #error;
  #isEnding = false;

  /**
   * @param {string} file in this folder
   * @param {readonly string[]} [args]
   * @param {{ readonly [variable: string]: string }} [env]
   */
  constructor(file, args = [], env = {}) {
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      execArgv: ['--expose-gc'],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (answer) => this.#resolve?.(answer));
    this.#child.on('exit', (code, signal) => {
      if (this.#isEnding) return;
      this.#error = new Error(`${file} ${args.join(' ')} exited unexpectedly with ${signal ?? code}`);
      this.#reject?.(this.#error);
    });
  }

  /** @returns {Promise<unknown>} its first message */
  started() {
    return this.#answer();
  }

  /**
   * @param {string} word
   * @returns {Promise<unknown>}
   */
  ask(word) {
    const answer = this.#answer();
    if (this.#error === undefined) this.#child.send(word);
    return answer;
  }

  /** Requests it to end and waits for its exit. */
  end() {
    this.#isEnding = true;
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return resolve(undefined);
      this.#child.once('exit', resolve);
      if (this.#child.connected) this.#child.send('end');
    });
  }

  #answer() {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }
}
