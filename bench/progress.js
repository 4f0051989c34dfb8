/** Says on the error output what is being measured: a line that is overwritten, or on a file one for each trial. */
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

  /** Makes room for lines that stay. */
  clear() {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  /** Minutes and seconds since the start. */
  time() {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1_000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }
}
