import type { Worker } from 'node:worker_threads';
import { errorText } from '../record/index.ts';
import { type BlockOutput, positionOf, SLACK, type WriteBytes } from './block-output.ts';
import { BLOCK_BYTES, WATCH_AT, WATCH_BYTES, WATCH_SLOTS } from './layout.ts';
import { Count, Fact, IMAGES, WATCHER_PROGRAM } from './watcher-program.ts';

const IMAGE_BYTES = BLOCK_BYTES + SLACK;
/** How long this thread waits for the file when the watcher is writing to it. */
const LOCK_MILLIS = 1_000;
const MAX_BEAT_MILLIS = 1_000;
/** The watcher needs little: a block, and the text of some signs. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };

/** What a watcher is made of. */
export interface WatcherParts {
  readonly path: string;
  readonly blocks: number;
  /** Begins every checksum of the box. */
  readonly tag: number;
  readonly flushMillis: number;
  readonly hangMillis: number;
  /** Writes to the file from this thread. */
  readonly write: WriteBytes;
  /** The watcher has ended, and why; from now on this thread writes to the file. */
  readonly onFailed: (why: string) => void;
}

/**
 * Fills the blocks of a box in memory that a worker thread sees, and lets it write them. The worker also writes
 * the frame that is not complete yet, and recognises when the event loop hangs.
 *
 * It owns the worker and {@link IMAGES} blocks of shared memory. Who writes to the file holds a lock.
 *
 * - **Full** (the worker is slower than what comes): this thread writes.
 * - **Fails** (the worker cannot start, cannot write, ends): this thread writes, from then on.
 * - **Stops**: `end()` writes what is left from this thread, whatever the worker does. It keeps no process alive.
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

  /** Whether the worker writes. Before it runs, and after it has failed, this thread does. */
  get isWatching(): boolean {
    return Atomics.load(this.#counts, Count.RUNS) === 1;
  }

  /** How often `beat()` must be called. */
  get beatMillis(): number {
    return Math.min(MAX_BEAT_MILLIS, this.#parts.hangMillis / 4);
  }

  /** The event loop turns. */
  beat(): void {
    this.#facts[Fact.BEAT_AT] = Date.now();
    Atomics.add(this.#counts, Count.BEATS, 1);
  }

  /** What the worker cannot know of this thread. */
  signs(heapUsed: number, heapLimit: number, holding: number): void {
    this.#facts[Fact.HEAP_USED] = heapUsed;
    this.#facts[Fact.HEAP_LIMIT] = heapLimit;
    this.#facts[Fact.HOLDING] = holding;
  }

  block(turn: number): Buffer {
    const counts = this.#counts;
    const image = this.#images[turn % IMAGES]!;
    if (turn === 0) return image;
    // The block that this one replaces in memory must be in the file.
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

  /** Writes what is left. The worker writes nothing any more. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const counts = this.#counts;
    Atomics.store(counts, Count.RUNS, 0);
    Atomics.store(counts, Count.STOP, 1);
    Atomics.notify(counts, Count.STOP);
    Atomics.notify(counts, Count.SLEEPS);
    // Never given back.
    this.#lock();
    this.#drainLocked();
    // The event loop turns.
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
        // What the application loads into its threads, by flags or variables, is not for this one.
        ...{ execArgv: [], env: {}, resourceLimits: RESOURCE_LIMITS },
      });
    } catch (error) {
      // Not from inside the constructor.
      queueMicrotask(() => fail(errorText(error)));
      return;
    }
    this.#worker.on('message', (why: string) => fail(why));
    this.#worker.on('error', (error) => fail(errorText(error)));
    this.#worker.on('exit', () => fail('it ended'));
    this.#worker.unref();
  }

  #wake(): void {
    const counts = this.#counts;
    if (Atomics.load(counts, Count.SLEEPS) === 0) return;
    Atomics.store(counts, Count.SLEEPS, 0);
    Atomics.notify(counts, Count.SLEEPS);
  }

  #drain(): void {
    // After its end the lock is this thread's.
    const isLocked = this.#hasEnded || this.#lock();
    this.#drainLocked();
    if (!isLocked || this.#hasEnded) return;
    Atomics.store(this.#counts, Count.LOCK, 0);
    Atomics.notify(this.#counts, Count.LOCK);
  }

  /** @returns false if the worker does not finish its write. Then both write the same bytes to the same place. */
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
