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

/** After so many milliseconds without a turn of the event loop the exports pause for one. */
const TURN_MILLIS = 8;
/** The part of the shutdown bound after which an exporter that waits between two attempts is asked again. */
const LAST_HURRY = 0.9;
/** The end of the shutdown bound belongs to the exporter's own shutdown: this part, and at most so long. */
const EXPORTER_SHARE = 0.05;
const EXPORTER_MILLIS = 1_000;

/**
 * The engine of PriorityBatchLogRecordProcessor. It owns a queue, the batches in flight, and the callers that
 * wait for a flush; sequence numbers say what a flush waits for. All calls of the exporter come from here.
 *
 * - **Full** (by records or bytes, in flight included): the quietest, oldest record in the queue is dropped.
 * - **Fails**: see BatchExporter. Every loss is counted by cause, and warned of at most once in ten seconds.
 * - **Stops**: `shutdown()` has one bound for the flush and the exporter's shutdown together.
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
  /** What `shutdown()` could not export, in case somebody asks. */
  readonly #cutOff: ReadableLogRecordLike[] = [];
  /** The exporter has been shut down, or its time for that has passed: it is not called again. */
  #isOver = false;

  /**
   * @param around called around each call of `exporter.export()`
   * @param onSettled called when the records from one sequence number to another are delivered, or have failed
   * and were counted. What the end of the process or `shutdown()` cuts off is not settled
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

  /** Estimated bytes that wait or are being exported. */
  get bytes(): number {
    return this.#queue.bytes + this.#inFlight.bytes;
  }

  /** Records that wait, those being exported not counted. */
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
   * Takes a record for delivery. Never throws; if there is no room, the quietest, oldest one is dropped.
   * @returns its sequence number; 0: it was not taken
   */
  accept(record: ReadableLogRecordLike, rank: number, size: number): number {
    const { maxQueueBytes, maxQueueSize } = this.#options;
    this.#counts.received += 1;
    if (this.#shutdown !== undefined) return this.#refuse('shutdown', 'it came after shutdown()');
    if (size > maxQueueBytes) return this.#refuse('size', 'it is bigger than maxQueueBytes');
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

  /** Makes room. @returns false if nothing waits */
  dropQuietest(): boolean {
    const sequence = this.#queue.dropQuietest();
    if (sequence === 0) return false;
    this.#onSettled(sequence, sequence);
    this.#counts.fail('queue_full', 1, 'the exporter is slower than what comes in, or cannot deliver');
    if (this.#waiters.any) this.#waiters.settle(this.#firstOpen());
    return true;
  }

  /** Lets all that waits leave in the next turn of the event loop. */
  wake(): void {
    this.#queue.makeDue();
    this.#schedule();
  }

  /**
   * Resolves when all that was accepted before the call has been delivered or has failed (and was counted),
   * at the latest after `timeoutMillis`; the rest is still pending then. Keeps the process alive meanwhile.
   * Never rejects.
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

  /** As `forceFlush()`, but without a bound. Calls with nothing new between them share one promise. */
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

  /** Flushes and ends within the bound, whatever else runs. May be called twice; never rejects. */
  shutdown(timeoutMillis: number = this.#options.shutdownTimeoutMillis): Promise<void> {
    this.#shutdown ??= this.#end(timeoutMillis);
    return this.#shutdown;
  }

  /** Gives away what nobody has got, at the end of the process. Of what is being exported some may have arrived. */
  takeUndelivered(): readonly ReadableLogRecordLike[] {
    const all = [...this.#cutOff.splice(0), ...this.#inFlight.all(), ...this.#queue.clear()];
    this.#inFlight.removeAll();
    return all;
  }

  async #flush(sequence: number): Promise<void> {
    this.#queue.makeDue();
    this.#pump();
    if (this.#firstOpen() <= sequence) {
      // An exporter that waits between two attempts is asked to try at once.
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
    // One turn later, so that #shutdown is set and nothing new is accepted.
    await null;
    this.#resources.end();
    const flushed = this.#flush(this.#queue.lastSequence);
    const cancelHurry = clock.after(timeoutMillis * LAST_HURRY, () => void this.#flushExporter());
    await within(flushed, timeoutMillis - forExporter, clock, true);
    cancelHurry();
    const queued = this.#queue.clear();
    this.#cutOff.push(...queued);
    this.#counts.fail('shutdown', queued.length, 'the time for shutdown() had passed');
    const left = leftMillis();
    const end = await within(
      attempt(() => exporter.shutdown({ timeoutMillis: left, keepsAlive: false })),
      left,
      clock,
      true,
    );
    this.#warnOf('shutdown', end, left);
    this.#isOver = true;
    // What has not called back by now never counts as delivered.
    this.#cutOff.unshift(...this.#inFlight.all());
    this.#counts.fail('shutdown', this.#inFlight.removeAll(), 'the exporter had not finished with them');
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
    if (!inTime) this.#warnings.warn(what, `the exporter's ${method} took over ${Math.ceil(millis)} ms`);
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
    else if (isHere) this.#cutOff.push(...batch.records);
    if (this.#waiters.any) this.#waiters.settle(this.#firstOpen());
    if (monotonicNow() - this.#lastTurnAt > TURN_MILLIS) this.#schedule();
    else this.#pump();
  }

  /** The lowest sequence number that is neither delivered nor failed. */
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
