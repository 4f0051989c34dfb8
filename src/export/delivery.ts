import { errorText, keepAlive, RankedQueue, type ReadableLogRecordLike, Teller } from '../record/index.ts';
import type { ResolvedDeliveryOptions } from './delivery-options.ts';
import { exportOnce, pendingResources } from './export-once.ts';
import { FlushWaiters } from './flush-waiters.ts';
import { type Batch, InFlight } from './in-flight.ts';
import { isTooLarge } from './too-large.ts';
import { attempt, within } from './within.ts';

/** Why a record was not delivered. */
export type DeliveryFailure = 'queue_full' | 'size' | 'export' | 'timeout' | 'unserializable' | 'shutdown';

/** What became of the records that came to a delivery: received = delivered + failed + pending. */
export interface DeliveryStats {
  readonly received: number;
  /** Accepted by the exporter. */
  readonly delivered: number;
  /** Not delivered, by cause. */
  readonly failed: Readonly<Record<DeliveryFailure, number>>;
  /** Waiting or being exported now. */
  readonly pending: number;
  /** Their estimated size in bytes. */
  readonly pendingBytes: number;
}

/** After so many milliseconds without a turn of the event loop the exports give way to it. */
const TURN_MILLIS = 8;
/** The share of the shutdown bound that the flush may use; the rest is the exporter's. */
const FLUSH_SHARE = 0.9;

/**
 * The engine of PriorityBatchLogRecordProcessor: a bounded queue, the exports in flight, and those who wait for
 * a flush. A flush knows what it waits for by sequence number.
 */
export class Delivery {
  readonly #options: ResolvedDeliveryOptions;
  /** Called around each call of `exporter.export()`. */
  readonly #around: <R>(call: () => R) => R;
  readonly #queue = new RankedQueue<ReadableLogRecordLike>();
  readonly #inFlight = new InFlight();
  readonly #waiters = new FlushWaiters();
  readonly #teller: Teller;
  readonly #failed: Record<DeliveryFailure, number> = {
    queue_full: 0,
    size: 0,
    export: 0,
    timeout: 0,
    unserializable: 0,
    shutdown: 0,
  };
  #received = 0;
  #delivered = 0;
  /** Everything up to this sequence number leaves without waiting for its batch to fill. */
  #dueUntil = 0;
  #turn: NodeJS.Immediate | undefined;
  #lastTurnAt = 0;
  #cancelDelay: (() => void) | undefined;
  #lastFlush: { readonly sequence: number; readonly promise: Promise<void> } | undefined;
  #shutdown: Promise<void> | undefined;
  /** The exporter has been shut down, or its time for that has passed: it is not called again. */
  #isOver = false;

  constructor(
    options: ResolvedDeliveryOptions,
    component: string,
    around: <R>(call: () => R) => R = (call) => call(),
  ) {
    this.#options = options;
    this.#around = around;
    this.#teller = new Teller(component, options.clock);
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
    return {
      received: this.#received,
      delivered: this.#delivered,
      failed: { ...this.#failed },
      pending: this.#queue.count + this.#inFlight.records,
      pendingBytes: this.bytes,
    };
  }

  /** Takes a record for delivery. Never throws; if there is no room, the quietest, oldest one goes. */
  accept(record: ReadableLogRecordLike, rank: number, size: number): void {
    this.#received += 1;
    if (this.#shutdown !== undefined) return this.#fail('shutdown', 1, 'it came after shutdown()');
    if (size > this.#options.maxQueueBytes) return this.#fail('size', 1, 'it is bigger than maxQueueBytes');
    this.#queue.add(record, rank, size);
    while (this.#queue.count > this.#options.maxQueueSize || this.bytes > this.#options.maxQueueBytes) {
      if (!this.dropQuietest()) break;
    }
    if (this.#hasFullBatch()) this.#schedule();
    else if (this.#cancelDelay === undefined) this.#armDelay();
  }

  /** Counts a record that came but that nobody could read, or that is too big to take. */
  refuse(cause: 'size' | 'unserializable', why: string): void {
    this.#received += 1;
    this.#fail(cause, 1, why);
  }

  /** Makes room. @returns false if nothing waits */
  dropQuietest(): boolean {
    if (this.#queue.takeQuietest() === undefined) return false;
    this.#fail('queue_full', 1, 'the exporter is slower than what comes in, or cannot deliver');
    if (this.#waiters.any) this.#waiters.settle(this.#firstOpen());
    return true;
  }

  /** Lets all that waits leave in the next turn of the event loop. */
  wake(): void {
    if (this.#queue.count === 0) return;
    this.#dueUntil = this.#queue.lastSequence;
    this.#schedule();
  }

  /**
   * Resolves when all that was accepted before the call has been delivered or has failed (and was counted).
   * Calls with nothing new between them share one promise.
   */
  forceFlush(): Promise<void> {
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

  async #flush(sequence: number): Promise<void> {
    const letEnd = keepAlive(this.#options.clock, this.#options.shutdownTimeoutMillis);
    this.#dueUntil = Math.max(this.#dueUntil, sequence);
    this.#pump();
    if (this.#firstOpen() <= sequence) {
      // An exporter that waits between two attempts is asked to try at once.
      if (this.#inFlight.size > 0) void this.#flushExporter();
      await this.#waiters.wait(sequence);
    }
    if (!this.#isOver) await this.#flushExporter();
    letEnd();
  }

  async #end(timeoutMillis: number): Promise<void> {
    const { clock, exporter } = this.#options;
    const startedAt = clock.now();
    const letEnd = keepAlive(clock, timeoutMillis);
    // One turn later, so that #shutdown is set and nothing new is accepted.
    await null;
    const flush = await within(this.#flush(this.#queue.lastSequence), timeoutMillis * FLUSH_SHARE, clock);
    if (!flush.inTime) this.#abandonQueue();
    // A clock that was set back must not lengthen the bound.
    const tookMillis = Math.max(0, clock.now() - startedAt);
    const left = Math.max(0, timeoutMillis - tookMillis);
    const end = await within(
      attempt(() => exporter.shutdown()),
      left,
      clock,
    );
    if (!end.inTime)
      this.#teller.warn('shutdown', `the exporter's shutdown() took over ${Math.ceil(left)} ms`);
    if (end.error !== undefined)
      this.#teller.warn('shutdown', `the exporter's shutdown() failed: ${errorText(end.error)}`);
    this.#isOver = true;
    this.#abandonInFlight();
    this.#disarmDelay();
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#waiters.settle(Number.POSITIVE_INFINITY);
    letEnd();
  }

  #abandonQueue(): void {
    const count = this.#queue.count;
    while (this.#queue.takeFirst() !== undefined) {
      // Emptied.
    }
    if (count > 0) this.#fail('shutdown', count, 'the time for shutdown() had passed');
  }

  /** What has not called back by now never counts as delivered. */
  #abandonInFlight(): void {
    const open = this.#inFlight.removeAll();
    if (open > 0) this.#fail('shutdown', open, 'the exporter had not finished with them');
  }

  async #flushExporter(): Promise<void> {
    const { clock, exporter, exportTimeoutMillis } = this.#options;
    const flush = await within(
      attempt(() => exporter.forceFlush?.()),
      exportTimeoutMillis,
      clock,
    );
    if (!flush.inTime)
      this.#teller.warn('flush', `the exporter's forceFlush() took over ${exportTimeoutMillis} ms`);
    if (flush.error !== undefined)
      this.#teller.warn('flush', `the exporter's forceFlush() failed: ${errorText(flush.error)}`);
  }

  #schedule(): void {
    if (this.#turn !== undefined || this.#inFlight.size >= this.#options.maxConcurrentExports) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      this.#lastTurnAt = performance.now();
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#inFlight.size < this.#options.maxConcurrentExports && this.#isDue()) {
      void this.#run(this.#takeBatch());
    }
    if (this.#queue.count > 0) this.#armDelay();
    else this.#disarmDelay();
  }

  #isDue(): boolean {
    if (this.#queue.count === 0) return false;
    return this.#hasFullBatch() || this.#queue.firstSequence <= this.#dueUntil;
  }

  /** By count, or by bytes; and half of the queue's bytes are enough, so that it empties before it must drop. */
  #hasFullBatch(): boolean {
    const { maxExportBatchSize, maxExportBatchBytes, maxQueueBytes } = this.#options;
    const { count, bytes } = this.#queue;
    return count >= maxExportBatchSize || bytes >= maxExportBatchBytes || 2 * bytes >= maxQueueBytes;
  }

  #takeBatch(): Batch {
    const { maxExportBatchSize, maxExportBatchBytes } = this.#options;
    const firstSequence = this.#queue.firstSequence;
    const records: ReadableLogRecordLike[] = [];
    let bytes = 0;
    while (records.length < maxExportBatchSize) {
      const size = this.#queue.firstSize;
      if (records.length > 0 && bytes + size > maxExportBatchBytes) break;
      const record = this.#queue.takeFirst();
      if (record === undefined) break;
      records.push(record);
      bytes += size;
    }
    const batch = { records, bytes, firstSequence, open: records.length };
    this.#inFlight.add(batch);
    return batch;
  }

  async #run(batch: Batch): Promise<void> {
    const pending = pendingResources(batch.records);
    if (pending !== undefined) await within(pending, this.#options.exportTimeoutMillis, this.#options.clock);
    await this.#export(batch, batch.records);
    this.#inFlight.remove(batch);
    if (this.#waiters.any) this.#waiters.settle(this.#firstOpen());
    if (performance.now() - this.#lastTurnAt > TURN_MILLIS) this.#schedule();
    else this.#pump();
  }

  /** Exports records of a batch; those of which the exporter cannot bear one are halved until it stands alone. */
  async #export(batch: Batch, records: ReadableLogRecordLike[]): Promise<void> {
    const { exporter, exportTimeoutMillis, clock } = this.#options;
    if (!this.#inFlight.has(batch)) return;
    const outcome = await exportOnce(exporter, records, exportTimeoutMillis, clock, this.#around);
    if (!this.#inFlight.has(batch)) return;
    const tooLarge = outcome.kind === 'failed' && isTooLarge(outcome.code, outcome.error);
    if (records.length > 1 && (outcome.kind === 'threw' || tooLarge)) {
      const half = records.length >> 1;
      await this.#export(batch, records.slice(0, half));
      await this.#export(batch, records.slice(half));
      return;
    }
    this.#inFlight.settle(batch, records.length);
    switch (outcome.kind) {
      case 'delivered':
        this.#delivered += records.length;
        return;
      case 'failed':
        return this.#fail('export', records.length, outcome.error);
      case 'timeout':
        return this.#fail(
          'timeout',
          records.length,
          `the exporter had not called back after exportTimeoutMillis (${exportTimeoutMillis})`,
        );
      case 'threw':
        return this.#fail('unserializable', records.length, outcome.error);
    }
  }

  /** The lowest sequence number that has not met its end. */
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

  #fail(cause: DeliveryFailure, count: number, why: string): void {
    this.#failed[cause] += count;
    const records = count === 1 ? '1 record was' : `${count} records were`;
    this.#teller.warn(cause, `${records} lost (${cause}): ${why}`);
  }
}
