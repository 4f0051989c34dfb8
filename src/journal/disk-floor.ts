import { performance } from 'node:perf_hooks';
import type { Settings } from './options.ts';

const CHECK_MILLIS = 1_000;

/** Keeps a part of the disk free. Asks the system at most once a second, and counts what is written between. */
export class DiskFloor {
  readonly #settings: Settings;
  #freeBytes = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Whether so much may be written. A system that cannot tell says yes. */
  async allows(bytes: number): Promise<boolean> {
    const { minFreeBytes, files, directory } = this.#settings;
    if (minFreeBytes === 0) return true;
    if (performance.now() - this.#askedAt >= CHECK_MILLIS) {
      this.#freeBytes = await files.freeBytes(directory).catch(() => Number.POSITIVE_INFINITY);
      this.#askedAt = performance.now();
    }
    if (this.#freeBytes - bytes < minFreeBytes) return false;
    this.#freeBytes -= bytes;
    return true;
  }

  /** Something changed: asks again at the next write. */
  askAgain(): void {
    this.#askedAt = Number.NEGATIVE_INFINITY;
  }
}
