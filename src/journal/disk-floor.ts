import { performance } from 'node:perf_hooks';
import type { Settings } from './options.ts';

const CHECK_MILLIS = 1_000;

/**
 * Keeps a part of the disk free. Asks the system at most once a second, and counts what is written between.
 */
export class DiskFloor {
  readonly #settings: Settings;
  #freeBytes = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Whether so much may be written; it counts as written then. */
  async allows(bytes: number): Promise<boolean> {
    if (this.#settings.minFreeBytes === 0) return true;
    if (!(await this.has(bytes))) return false;
    this.#freeBytes -= bytes;
    return true;
  }

  /** Whether there is room for so much. A system that does not know how much is free says yes. */
  async has(bytes: number): Promise<boolean> {
    const { minFreeBytes, files, directory } = this.#settings;
    if (performance.now() - this.#askedAt >= CHECK_MILLIS) {
      this.#freeBytes = await files.freeBytes(directory).catch(() => Number.POSITIVE_INFINITY);
      this.#askedAt = performance.now();
    }
    return this.#freeBytes - bytes >= minFreeBytes;
  }

  /** Something changed: asks again at the next write. */
  askAgain(): void {
    this.#askedAt = Number.NEGATIVE_INFINITY;
  }
}
