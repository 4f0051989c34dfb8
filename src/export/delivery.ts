import {
  armImmediate,
  attempt,
  errorText,
  type FlushOptionsLike,
  FlushWaiters,
  flushMillis,
  monotonicNow,
  RateLimitedWarnings,
  type ReadableLogRecordLike,
  type Waited,
  within,
  writable,
} from '../record/index.ts';
import { BatchExporter } from './batch-exporter.ts';
import { BatchQueue } from './batch-queue.ts';
import { DeliveryCounts, type DeliveryStats } from './delivery-counts.ts';
import type { ResolvedDeliveryOptions } from './delivery-options.ts';
import { type Batch, InFlight } from './in-flight.ts';
import { ResourceWait } from './resource-wait.ts';

/** How long exports may run before they yield to the event loop. */
const TURN_MILLIS = 8;
/**
 * The part of the shutdown timeout after which the exporter is flushed again, to end its waits for retries.
 */
const LAST_FLUSH_SHARE = 0.9;
/**
 * The part of the shutdown timeout that is reserved for the exporter's own shutdown, at most
 * `EXPORTER_MILLIS`.
 */
const EXPORTER_SHARE = 0.05;
const EXPORTER_MILLIS = 1_000;

/**
 * The engine of PriorityBatchLogRecordProcessor. It owns the queue, the batches in flight, and the callers
 * that wait for a flush. Sequence numbers determine which records a flush waits for. Only this class, and the
 * BatchExporter that it owns, call the exporter.
 *
 * - **Full** (by records or bytes, in flight included): the oldest of the quietest queued records is dropped.
 * - **Fails**: see BatchExporter. Every loss is counted by cause, and logged at most once in ten seconds.
 * - **Stops**: `shutdown()` has one timeout for the flush and the exporter's shutdown together.
 */
export class Delivery {
  readonly #options: ResolvedDeliveryOptions;
  readonly #queue: BatchQueue;
  readonly #inFlight = new InFlight();
  readonly #batches: BatchExporter;
  readonly #resources: ResourceWait;
  readonly #waiters = new FlushWaiters();
  readonly #warnings: RateLimitedWarnings;
  readonly #counts: DeliveryCounts;
  readonly #onSettled: (first: number, last: number) => void;
  #turn: NodeJS.Immediate | undefined;
  #lastTurnAt = 0;
  #cancelDelay: (() => void) | undefined;
  #lastFlush: { readonly sequence: number; readonly promise: Promise<void> } | undefined;
  #shutdown: Promise<void> | undefined;
  /** The records that `shutdown()` could not export, for `takeUndelivered()`. */
  readonly #unexported: ReadableLogRecordLike[] = [];
  /** Whether the exporter was shut down, or its shutdown timed out. It is then not called again. */
  #isOver = false;

  /**
   * @param around wraps each call of `exporter.export()`
   * @param onSettled called when the records `first` to `last` are delivered, or have failed and were
   *   counted. Records that are lost by `shutdown()` or the end of the process are not settled
   */
  constructor(
    options: ResolvedDeliveryOptions,
    component: string,
    around: <R>(call: () => R) => R = (call) => call(),
    onSettled: (first: number, last: number) => void = () => {},
  ) {
    this.#onSettled = onSettled;
    this.#options = options;
    this.#queue = new BatchQueue(options);
    this.#warnings = new RateLimitedWarnings(component, options.clock);
    this.#counts = new DeliveryCounts(this.#warnings);
    this.#batches = new BatchExporter(options, around, this.#inFlight, this.#counts);
    this.#resources = new ResourceWait(options.clock, (message) => this.#warnings.warn('resource', message));
  }

  /** Estimated bytes of the records that are queued or being exported. */
  get bytes(): number {
    return this.#queue.bytes + this.#inFlight.bytes;
  }

  /** The number of queued records, without those being exported. */
  get queued(): number {
    return this.#queue.count;
  }

  stats(): DeliveryStats {
    const { received, delivered, failed } = this.#counts;
    return {
      received,
      delivered,
      failed: { ...failed },
      pending: this.#queue.count + this.#inFlight.records,
      pendingBytes: this.bytes,
    };
  }

  /**
   * Queues a record for delivery. If the queue is full, the oldest of the quietest records is dropped. Never
   * throws.
   * @returns the sequence number of the record; 0 if it was not accepted
   */
  accept(record: ReadableLogRecordLike, rank: number, size: number): number {
    const { maxQueueBytes, maxQueueSize } = this.#options;
    this.#counts.received += 1;
    if (this.#shutdown !== undefined) return this.#refuse('shutdown', 'it was emitted after shutdown()');
    if (size > maxQueueBytes) return this.#refuse('size', 'it is larger than maxQueueBytes');
    this.#queue.add(writable(record), rank, size);
    while (this.#queue.count > maxQueueSize || this.bytes > maxQueueBytes) if (!this.dropQuietest()) break;
    const sequence = this.#queue.lastSequence;
    if (this.#queue.hasFullBatch) this.#schedule();
    else this.#armDelay();
    return sequence;
  }

  #refuse(cause: 'shutdown' | 'size', why: string): 0 {
    this.#counts.fail(cause, 1, why);
    return 0;
  }

  /** Counts a record that could not be read. */
  refuse(why: string): void {
    this.#counts.received += 1;
    this.#counts.fail('unserializable', 1, why);
  }

  /** Drops the oldest of the quietest queued records. @returns false if the queue is empty */
  dropQuietest(): boolean {
    const sequence = this.#queue.dropQuietest();
    if (sequence === 0) return false;
    this.#onSettled(sequence, sequence);
    this.#counts.fail('queue_full', 1, 'the exporter is too slow or fails');
    if (this.#waiters.any) this.#waiters.settle(this.#firstOpen());
    return true;
  }

  /** Starts the export of all queued records in the next turn of the event loop. */
  wake(): void {
    this.#queue.makeDue();
    this.#schedule();
  }

  /**
   * Resolves when all records accepted before the call are delivered or have failed (and were counted), at
   * the latest after `timeoutMillis`; the remaining records then stay pending. Keeps the process alive in the
   * meantime. Never rejects.
   */
  async forceFlush(options?: FlushOptionsLike): Promise<void> {
    const { clock, flushTimeoutMillis } = this.#options;
    const millis = flushMillis(options, flushTimeoutMillis);
    const flush = await within(this.flushed(), millis, clock, true);
    if (flush.inTime) return;
    const { pending } = this.stats();
    this.#warnings.warn(
      'flush',
      `forceFlush() ended after ${millis} ms; ${pending} records are still pending`,
    );
  }

  /**
   * Like `forceFlush()`, but without a timeout. Calls share one promise if no record was added between them.
   */
  flushed(): Promise<void> {
    if (this.#shutdown !== undefined) return this.#shutdown;
    const sequence = this.#queue.lastSequence;
    const last = this.#lastFlush;
    if (last?.sequence === sequence) return last.promise;
    const promise = this.#flush(sequence).finally(() => {
      if (this.#lastFlush?.promise === promise) this.#lastFlush = undefined;
    });
    this.#lastFlush = { sequence, promise };
    return promise;
  }

  /** Flushes and shuts down the exporter within the timeout. May be called twice; never rejects. */
  shutdown(timeoutMillis: number = this.#options.shutdownTimeoutMillis): Promise<void> {
    this.#shutdown ??= this.#end(timeoutMillis);
    return this.#shutdown;
  }

  /**
   * Removes and returns all undelivered records, at the end of the process. Records that are being exported
   * are included, although some of them may have arrived.
   */
  takeUndelivered(): readonly ReadableLogRecordLike[] {
    const all = [...this.#unexported.splice(0), ...this.#inFlight.all(), ...this.#queue.clear()];
    this.#inFlight.removeAll();
    return all;
  }

  async #flush(sequence: number): Promise<void> {
    this.#queue.makeDue();
    this.#pump();
    if (this.#firstOpen() <= sequence) {
      // Makes an exporter that is waiting between two attempts retry at once.
      void this.#flushExporter();
      await this.#waiters.wait(sequence);
    }
    if (!this.#isOver) await this.#flushExporter();
  }

  async #end(timeoutMillis: number): Promise<void> {
    const { clock, exporter } = this.#options;
    const startedAt = clock.monotonicNow();
    const leftMillis = () => Math.max(0, timeoutMillis - (clock.monotonicNow() - startedAt));
    const forExporter = Math.min(timeoutMillis * EXPORTER_SHARE, EXPORTER_MILLIS);
    // Deferred, so that #shutdown is set and no new record is accepted.
    await null;
    this.#resources.end();
    const flushed = this.#flush(this.#queue.lastSequence);
    const cancelLastFlush = clock.after(timeoutMillis * LAST_FLUSH_SHARE, () => void this.#flushExporter());
    await within(flushed, timeoutMillis - forExporter, clock, true);
    cancelLastFlush();
    const queued = this.#queue.clear();
    this.#unexported.push(...queued);
    this.#counts.fail('shutdown', queued.length, 'shutdown() timed out');
    const left = leftMillis();
    const end = await within(
      attempt(() => exporter.shutdown({ timeoutMillis: left, keepsAlive: false })),
      left,
      clock,
      true,
    );
    this.#warnOf('shutdown', end, left);
    this.#isOver = true;
    // Exports that have not called back by now never count as delivered.
    this.#unexported.unshift(...this.#inFlight.all());
    this.#counts.fail('shutdown', this.#inFlight.removeAll(), 'the exporter did not finish in time');
    this.#disarmDelay();
    this.#waiters.settle(Number.POSITIVE_INFINITY);
  }

  async #flushExporter(): Promise<void> {
    const { clock, exporter, exportTimeoutMillis } = this.#options;
    const flush = await within(
      attempt(() => exporter.forceFlush?.({ timeoutMillis: exportTimeoutMillis, keepsAlive: false })),
      exportTimeoutMillis,
      clock,
    );
    this.#warnOf('flush', flush, exportTimeoutMillis);
  }

  #warnOf(what: 'flush' | 'shutdown', { inTime, error }: Waited, millis: number): void {
    const method = what === 'flush' ? 'forceFlush()' : 'shutdown()';
    if (!inTime)
      this.#warnings.warn(what, `the exporter's ${method} took longer than ${Math.ceil(millis)} ms`);
    if (error !== undefined)
      this.#warnings.warn(what, `the exporter's ${method} failed: ${errorText(error)}`);
  }

  #schedule(): void {
    if (this.#inFlight.size >= this.#options.maxConcurrentExports) return;
    this.#turn ??= armImmediate(() => {
      this.#turn = undefined;
      this.#lastTurnAt = monotonicNow();
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#inFlight.size < this.#options.maxConcurrentExports && this.#queue.isDue) {
      const batch = this.#queue.takeBatch();
      this.#inFlight.add(batch);
      void this.#run(batch);
    }
    if (this.#queue.count > 0) this.#armDelay();
    else this.#disarmDelay();
  }

  async #run(batch: Batch): Promise<void> {
    const ready = this.#resources.before(batch.records);
    if (ready !== undefined) await ready;
    await this.#batches.export(batch);
    const isHere = this.#inFlight.has(batch);
    this.#inFlight.remove(batch);
    const isSettled = !batch.hasFailed || this.#shutdown === undefined;
    if (isHere && isSettled) this.#onSettled(batch.firstSequence, batch.lastSequence);
    else if (isHere) this.#unexported.push(...batch.records);
    if (this.#waiters.any) this.#waiters.settle(this.#firstOpen());
    if (monotonicNow() - this.#lastTurnAt > TURN_MILLIS) this.#schedule();
    else this.#pump();
  }

  /** Returns the lowest sequence number that is neither delivered nor failed. */
  #firstOpen(): number {
    return Math.min(this.#queue.firstSequence, this.#inFlight.firstSequence());
  }

  #armDelay(): void {
    this.#cancelDelay ??= this.#options.clock.after(this.#options.scheduledDelayMillis, () => {
      this.#cancelDelay = undefined;
      this.wake();
    });
  }

  #disarmDelay(): void {
    this.#cancelDelay?.();
    this.#cancelDelay = undefined;
  }
}
