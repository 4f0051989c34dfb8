import type { Worker } from 'node:worker_threads';
import { errorText } from '../record/index.ts';
import { type BlockOutput, positionOf, SLACK, type WriteBytes } from './block-output.ts';
import { BLOCK_BYTES, WATCH_AT, WATCH_BYTES, WATCH_SLOTS } from './layout.ts';
import { Count, Fact, IMAGES, WATCHER_PROGRAM } from './watcher-program.ts';

const IMAGE_BYTES = BLOCK_BYTES + SLACK;
/** How long this thread waits for the lock while the watcher writes to the file. */
const LOCK_MILLIS = 1_000;
const MAX_BEAT_MILLIS = 1_000;
/** The watcher needs little memory: a block, and the text of some signs. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };

/** The dependencies of a watcher. */
export interface WatcherParts {
  readonly path: string;
  readonly blocks: number;
  /** The initial value of every checksum of the box. */
  readonly tag: number;
  readonly flushMillis: number;
  readonly hangMillis: number;
  /** Writes to the file from this thread. */
  readonly write: WriteBytes;
  /** Called when the watcher has failed; from then on this thread writes to the file. */
  readonly onFailed: (why: string) => void;
}

/**
 * Fills the blocks of a box in shared memory and lets a worker thread write them. The worker also writes the
 * incomplete frame, and detects when the event loop hangs.
 *
 * It owns the worker and {@link IMAGES} blocks of shared memory. A lock protects writes to the file.
 *
 * - **Full** (the worker is slower than the writer): this thread writes.
 * - **Fails** (the worker cannot start, cannot write, or ends): this thread writes from then on.
 * - **Stops**: `end()` writes the rest from this thread in any state of the worker. It does not keep the
 *   process alive.
 */
export class Watcher implements BlockOutput {
  readonly #parts: WatcherParts;
  readonly #counts = new Int32Array(new SharedArrayBuffer(4 * Count.SIZE));
  readonly #facts = new Float64Array(new SharedArrayBuffer(8 * Fact.SIZE));
  readonly #memory = new SharedArrayBuffer(IMAGES * IMAGE_BYTES);
  readonly #images: readonly Buffer[];
  #worker: Worker | undefined;
  #hasEnded = false;

  constructor(parts: WatcherParts) {
    this.#parts = parts;
    this.#images = Array.from({ length: IMAGES }, (_, index) =>
      Buffer.from(this.#memory, index * IMAGE_BYTES, IMAGE_BYTES),
    );
    this.beat();
    this.#start();
  }

  /** Whether the worker writes. Before it runs, and after it has failed, this thread writes. */
  get isWatching(): boolean {
    return Atomics.load(this.#counts, Count.RUNS) === 1;
  }

  /** The interval at which `beat()` must be called. */
  get beatMillis(): number {
    return Math.min(MAX_BEAT_MILLIS, this.#parts.hangMillis / 4);
  }

  /** Reports that the event loop is running. */
  beat(): void {
    this.#facts[Fact.BEAT_AT] = Date.now();
    Atomics.add(this.#counts, Count.BEATS, 1);
  }

  /** Sets the values of this thread that the worker cannot read. */
  signs(heapUsed: number, heapLimit: number, holding: number): void {
    this.#facts[Fact.HEAP_USED] = heapUsed;
    this.#facts[Fact.HEAP_LIMIT] = heapLimit;
    this.#facts[Fact.HOLDING] = holding;
  }

  block(turn: number): Buffer {
    const counts = this.#counts;
    const image = this.#images[turn % IMAGES]!;
    if (turn === 0) return image;
    // The block that is replaced in memory must already be in the file.
    if (turn - Atomics.load(counts, Count.DONE_BLOCK) >= IMAGES) this.#drain();
    Atomics.add(counts, Count.VERSION, 1);
    Atomics.store(counts, Count.ENDS + (turn % IMAGES), 0);
    Atomics.store(counts, Count.REACHED, 0);
    Atomics.store(counts, Count.BLOCK, turn);
    return image;
  }

  sealed(turn: number, _from: number, to: number): void {
    const counts = this.#counts;
    Atomics.add(counts, Count.VERSION, 1);
    Atomics.store(counts, Count.ENDS + (turn % IMAGES), to);
    Atomics.store(counts, Count.REACHED, to);
    if (this.isWatching) this.#wake();
    else this.#drain();
  }

  reached(at: number): void {
    Atomics.store(this.#counts, Count.REACHED, at);
    this.#wake();
  }

  /** Writes the rest from this thread and stops the worker. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const counts = this.#counts;
    Atomics.store(counts, Count.RUNS, 0);
    Atomics.store(counts, Count.STOP, 1);
    Atomics.notify(counts, Count.STOP);
    Atomics.notify(counts, Count.SLEEPS);
    // The lock is never released.
    this.#lock();
    this.#drainLocked();
    // The event loop is not hung: erases the report.
    this.#parts.write(Buffer.alloc(WATCH_BYTES * WATCH_SLOTS), 0, WATCH_BYTES * WATCH_SLOTS, WATCH_AT);
  }

  #start(): void {
    const { path, blocks, tag, flushMillis, hangMillis, onFailed } = this.#parts;
    const data = { ...{ path, blocks, tag, flushMillis, hangMillis, imageBytes: IMAGE_BYTES } };
    const shared = { counts: this.#counts, facts: this.#facts, memory: this.#memory };
    const fail = (why: string) => {
      if (this.#hasEnded) return;
      this.end();
      onFailed(why);
    };
    try {
      const { Worker } = process.getBuiltinModule('node:worker_threads');
      this.#worker = new Worker(WATCHER_PROGRAM, {
        ...{ eval: true, name: 'burstlog-box', workerData: { ...data, ...shared } },
        // Flags and environment variables with which the application preloads modules must not affect this
        // thread.
        ...{ execArgv: [], env: {}, resourceLimits: RESOURCE_LIMITS },
      });
    } catch (error) {
      // Not called synchronously, because the constructor has not returned.
      queueMicrotask(() => fail(errorText(error)));
      return;
    }
    this.#worker.on('message', (why: string) => fail(why));
    this.#worker.on('error', (error) => fail(errorText(error)));
    this.#worker.on('exit', () => fail('the worker ended'));
    this.#worker.unref();
  }

  #wake(): void {
    const counts = this.#counts;
    if (Atomics.load(counts, Count.SLEEPS) === 0) return;
    Atomics.store(counts, Count.SLEEPS, 0);
    Atomics.notify(counts, Count.SLEEPS);
  }

  #drain(): void {
    // After the end, this thread holds the lock.
    const isLocked = this.#hasEnded || this.#lock();
    this.#drainLocked();
    if (!isLocked || this.#hasEnded) return;
    Atomics.store(this.#counts, Count.LOCK, 0);
    Atomics.notify(this.#counts, Count.LOCK);
  }

  /**
   * @returns false if the worker does not finish its write. Both threads then write the same bytes at the
   * same offset.
   */
  #lock(): boolean {
    const counts = this.#counts;
    const until = Date.now() + LOCK_MILLIS;
    while (Atomics.compareExchange(counts, Count.LOCK, 0, 1) !== 0) {
      if (Date.now() >= until) return false;
      Atomics.wait(counts, Count.LOCK, 1, LOCK_MILLIS);
    }
    return true;
  }

  #drainLocked(): void {
    const counts = this.#counts;
    const { blocks, write } = this.#parts;
    const newest = Atomics.load(counts, Count.BLOCK);
    for (let turn = Atomics.load(counts, Count.DONE_BLOCK); turn <= newest; turn += 1) {
      const from = Atomics.load(counts, Count.DONE_AT);
      const to = Atomics.load(counts, Count.ENDS + (turn % IMAGES));
      if (from < to) write(this.#images[turn % IMAGES]!, from, to, positionOf(turn, blocks) + from);
      Atomics.store(counts, Count.DONE_AT, turn === newest ? to : 0);
      if (turn < newest) Atomics.store(counts, Count.DONE_BLOCK, turn + 1);
    }
  }
}
