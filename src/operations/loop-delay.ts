import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MILLIS = 10;

/** Measures the delay of the event loop. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS });

  start(): void {
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** Returns the 99th percentile since the last call, in seconds. */
  takeSeconds(): number {
    const nanos = this.#histogram.percentile(99);
    this.#histogram.reset();
    // The histogram counts its own resolution as delay.
    return Number.isFinite(nanos) ? Math.max(0, nanos / 1e9 - RESOLUTION_MILLIS / 1e3) : 0;
  }
}
