/**
 * Shows on standard error what is being measured: a line that is overwritten, or in a file one line per
 * trial.
 */
export class Progress {
  #startedAt = performance.now();
  #lastWhat = '';

  /**
   * @param {string} what
   * @param {string} doing
   */
  report(what, doing) {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K[${this.time()}] ${what}: ${doing}`);
    } else if (what !== this.#lastWhat) {
      process.stderr.write(`[${this.time()}] ${what}\n`);
    }
    this.#lastWhat = what;
  }

  /** Clears the line for permanent output. */
  clear() {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  /** Minutes and seconds since the start. */
  time() {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1_000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }
}
