import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MILLIS = 10;

/** How late the event loop is. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS });

  start(): void {
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** The 99th percentile since it was asked before, seconds. */
  takeSeconds(): number {
    const nanos = this.#histogram.percentile(99);
    this.#histogram.reset();
    // The histogram counts its own resolution as delay.
    return Number.isFinite(nanos) ? Math.max(0, nanos / 1e9 - RESOLUTION_MILLIS / 1e3) : 0;
  }
}
