import type { Repeat } from '../limit/index.ts';
import { armImmediate, FlushWaiters, nextTurn, RankedQueue, Severity } from '../record/index.ts';
import type { Burst, BurstAttributes, TriggerCause } from './burst.ts';
import type { Counters } from './counters.ts';
import type { HoldingEvents } from './observer.ts';
import { MANIFEST_BYTES, type Target } from './target.ts';

/** A queued item with the attributes to add. Without an item, it stands for the manifest of its burst. */
class Outgoing<T> implements BurstAttributes {
  readonly item: T | undefined;
  readonly size: number;
  readonly cameAt: number;
  /** Set on a released item and on a manifest. */
  readonly burst: Burst<T> | undefined;
  readonly burstId: string | undefined;
  readonly sequence: number;
  readonly cause: TriggerCause | undefined;
  readonly repeat: Repeat | undefined;
  readonly number: number;

  constructor(
    item: T | undefined,
    size: number,
    cameAt: number,
    burst: Burst<T> | undefined,
    sequence: number,
    added?: BurstAttributes,
    number = 0,
  ) {
    this.item = item;
    this.size = size;
    this.cameAt = cameAt;
    this.burst = burst;
    this.burstId = burst === undefined ? added?.burstId : burst.id;
    this.sequence = sequence;
    this.cause = added?.cause;
    this.repeat = added?.repeat;
    this.number = number;
  }
}

/**
 * Sends released items to the target in order, `batch` at a time. It awaits a flush of the target after each
 * batch, because a downstream queue may drop records silently when it is full. It yields to the event loop
 * between two batches.
 *
 * - **Full**: it has no bound of its own; its owner calls `dropQuietest()`.
 * - **Stops**: `stop()` drops and counts the remaining items.
 */
export class Replay<T> {
  readonly #queue = new RankedQueue<Outgoing<T>>();
  readonly #target: Target<T>;
  readonly #counters: Counters;
  /** The number of items sent before a flush is awaited. */
  readonly batch: number;
  readonly #waiters = new FlushWaiters();
  readonly #events: HoldingEvents;
  #handedOn = 0;
  #running = false;
  #urgent = false;

  constructor(target: Target<T>, counters: Counters, batch: number, events: HoldingEvents) {
    this.#events = events;
    this.#target = target;
    this.#counters = counters;
    this.batch = batch;
  }

  /** Estimated bytes of the queue. */
  get bytes(): number {
    return this.#queue.bytes;
  }

  /** The number of queued records, including manifests. */
  get count(): number {
    return this.#queue.count;
  }

  /**
   * Adds a released item. It is called in a loop for the items of a burst, so it must be cheap.
   * @param number the observer's number of the item; 0 if it has none
   */
  addReleased(item: T, size: number, cameAt: number, burst: Burst<T>, number: number): void {
    const { items } = this.#target;
    const sequence = burst.count(items.timeOf(item, cameAt));
    const outgoing = new Outgoing(item, size, cameAt, burst, sequence, undefined, number);
    this.#queue.add(outgoing, items.rankOf(item), size);
    this.#start();
  }

  /**
   * Adds a live or passing item that must stay behind the items of a replay (chronological order).
   * @param added the attributes to add to the item
   */
  addLive(item: T, size: number, cameAt: number, added?: BurstAttributes): void {
    const outgoing = new Outgoing<T>(item, size, cameAt, undefined, 0, added);
    this.#queue.add(outgoing, this.#target.items.rankOf(item), size);
    this.#start();
  }

  /**
   * Adds the manifest. Must be called after the last item of the burst. The whole burst is then sent at once.
   */
  addManifest(burst: Burst<T>): void {
    this.#counters.live += 1;
    const outgoing = new Outgoing<T>(undefined, MANIFEST_BYTES, Number.NaN, burst, 0);
    this.#queue.add(outgoing, Severity.INFO, MANIFEST_BYTES);
    this.hurry();
  }

  /** Sends and flushes the queued items at once, without waiting for a full batch. */
  hurry(): void {
    this.#urgent = true;
    this.#start();
  }

  /** Drops the oldest of the quietest records. @returns false if the queue is empty */
  dropQuietest(): boolean {
    const outgoing = this.#queue.takeQuietest();
    if (outgoing === undefined) return false;
    this.#counters.dropped.bytes += 1;
    if (outgoing.burst !== undefined) outgoing.burst.dropped += 1;
    if (outgoing.number > 0) this.#events.dropped(outgoing.number);
    this.#settle();
    return true;
  }

  /** Resolves when all items that are queued now have been sent. */
  drained(): Promise<void> {
    if (this.#queue.count === 0) return Promise.resolve();
    this.hurry();
    return this.#waiters.wait(this.#queue.lastSequence);
  }

  /** Removes all queued items and visits them in order. Manifests are built. */
  takeAll(visit: (item: T, added: BurstAttributes | undefined, cameAt: number) => void): void {
    for (let next = this.#queue.takeFirst(); next !== undefined; next = this.#queue.takeFirst()) {
      const { item, burst, cameAt } = next;
      if (item === undefined) visit(this.#target.items.manifestOf(burst!), undefined, cameAt);
      else visit(item, next, cameAt);
    }
  }

  /** Drops all queued items. */
  stop(): void {
    while (this.#queue.takeFirst() !== undefined) this.#counters.dropped.shutdown += 1;
    this.#settle();
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    armImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    for (;;) {
      while (this.#handedOn < this.batch) {
        const outgoing = this.#queue.takeFirst();
        if (outgoing === undefined) break;
        this.#handOn(outgoing);
      }
      this.#settle();
      if (this.#handedOn < this.batch && !this.#urgent) break;
      if (this.#queue.count === 0) this.#urgent = false;
      this.#handedOn = 0;
      await this.#target.flush();
      await nextTurn();
    }
    this.#running = false;
  }

  #handOn(outgoing: Outgoing<T>): void {
    this.#handedOn += 1;
    try {
      this.#send(outgoing);
    } catch {
      // A target must not throw. If it does, the record is lost and the replay continues.
      this.#counters.unreadable += 1;
    }
  }

  #send(outgoing: Outgoing<T>): void {
    const { item, burst, size, cameAt } = outgoing;
    const target = this.#target;
    // The manifest is built here, because its counts grow until it is sent.
    if (item === undefined) target.send(target.items.manifestOf(burst!), size, undefined, undefined, cameAt);
    else target.send(item, size, outgoing, undefined, cameAt);
  }

  #settle(): void {
    if (this.#waiters.any) this.#waiters.settle(this.#queue.firstSequence);
  }
}
