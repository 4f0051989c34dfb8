// An application of its own process that sends numbered records; see programs/sender.js.
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

export async function killAllSenders() {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
}

export class RealSender {
  #child;
  #hear = () => {};
  #errors = '';
  /** Batches whose export has ended, and how many of them failed. */
  ended = 0;
  failed = 0;
  /** The exporter's counts, after its end. @type {any} */
  stats;
  /** Its exit code and signal, when it has ended and all that it said is here. */
  exit;

  /** @param {string} program @param {any} settings */
  constructor(program, settings) {
    const child = fork(program, [JSON.stringify(settings)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    running.add(child);
    child.stderr?.on('data', (piece) => {
      this.#errors += piece;
    });
    child.on('message', (/** @type {any} */ { ended, failed, stats }) => {
      this.ended = ended;
      this.failed = failed;
      this.stats = stats;
      this.#hear();
    });
    this.exit = once(child, 'close').then((how) => {
      running.delete(child);
      this.#hear();
      return how;
    });
  }

  /** What it wrote to standard error. */
  get errors() {
    return this.#errors;
  }

  /** Resolves when this is true of its counts; looked at after each. @param {() => boolean} isSo */
  async until(isSo) {
    while (!isSo()) {
      if (!running.has(this.#child))
        throw new Error(`the sender ended at ${this.ended} batches: ${this.#errors}`);
      await new Promise((resolve) => {
        this.#hear = () => resolve(undefined);
      });
    }
  }

  /** Ends the first of its pauses, whether it has come to it or not. */
  go() {
    this.#child.send('go');
  }

  /** @param {NodeJS.Signals} signal */
  async kill(signal = 'SIGKILL') {
    this.#child.kill(signal);
    await this.exit;
  }
}
