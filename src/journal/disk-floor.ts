import { performance } from 'node:perf_hooks';
import type { Settings } from './options.ts';

const CHECK_MILLIS = 1_000;

/**
 * Keeps part of the disk free. Queries the file system at most once a second and counts what is written in
 * between.
 */
export class DiskFloor {
  readonly #settings: Settings;
  #freeBytes = 0;
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Whether this many bytes may be written; if so, they count as written. */
  async allows(bytes: number): Promise<boolean> {
    if (this.#settings.minFreeBytes === 0) return true;
    if (!(await this.has(bytes))) return false;
    this.#freeBytes -= bytes;
    return true;
  }

  /** Whether there is room for this many bytes. True if the file system does not report its free space. */
  async has(bytes: number): Promise<boolean> {
    const { minFreeBytes, files, directory } = this.#settings;
    if (performance.now() - this.#checkedAt >= CHECK_MILLIS) {
      this.#freeBytes = await files.freeBytes(directory).catch(() => Number.POSITIVE_INFINITY);
      this.#checkedAt = performance.now();
    }
    return this.#freeBytes - bytes >= minFreeBytes;
  }

  /** Queries the free space again at the next write. */
  invalidate(): void {
    this.#checkedAt = Number.NEGATIVE_INFINITY;
  }
}
