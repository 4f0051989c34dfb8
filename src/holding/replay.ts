import type { Repeat } from '../limit/index.ts';
import { armImmediate, FlushWaiters, nextTurn, RankedQueue, Severity } from '../record/index.ts';
import type { Burst, BurstAttributes, TriggerCause } from './burst.ts';
import type { Counters } from './counters.ts';
import type { HoldingEvents } from './observer.ts';
import { MANIFEST_BYTES, type Target } from './target.ts';

/** An item on its way out, with what is added to it; without an item, the manifest of its burst. */
class Outgoing<T> implements BurstAttributes {
  readonly item: T | undefined;
  readonly size: number;
  readonly cameAt: number;
  /** Of a released item, and of a manifest. */
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
 * The queue of what a burst released, handed on in order, `batch` at a time, each time waiting for the flush:
 * a downstream queue may drop silently when it is full. Between two batches the event loop has its turn.
 *
 * - **Full**: it has no bound of its own; its owner calls `dropQuietest()`.
 * - **Stops**: `stop()` drops what is left, and counts it.
 */
export class Replay<T> {
  readonly #queue = new RankedQueue<Outgoing<T>>();
  readonly #target: Target<T>;
  readonly #counters: Counters;
  /** How many are handed on before the flush is awaited. */
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

  /** Estimated bytes that wait here. */
  get bytes(): number {
    return this.#queue.bytes;
  }

  /** Records that wait here, manifests included. */
  get count(): number {
    return this.#queue.count;
  }

  /**
   * Adds what a burst released. This is done for all of a burst at once: keep it cheap.
   * @param number by which an observer knows it; 0: none
   */
  addReleased(item: T, size: number, cameAt: number, burst: Burst<T>, number: number): void {
    const { items } = this.#target;
    const sequence = burst.count(items.timeOf(item, cameAt));
    const outgoing = new Outgoing(item, size, cameAt, burst, sequence, undefined, number);
    this.#queue.add(outgoing, items.rankOf(item), size);
    this.#start();
  }

  /**
   * Adds what keeps its place behind a replay (chronological order): a live item, or one that passes.
   * @param added what is added to it
   */
  addLive(item: T, size: number, cameAt: number, added?: BurstAttributes): void {
    const outgoing = new Outgoing<T>(item, size, cameAt, undefined, 0, added);
    this.#queue.add(outgoing, this.#target.items.rankOf(item), size);
    this.#start();
  }

  /**
   * Adds the manifest; to be called after the last item of its burst. The whole burst then leaves at once.
   */
  addManifest(burst: Burst<T>): void {
    this.#counters.live += 1;
    const outgoing = new Outgoing<T>(undefined, MANIFEST_BYTES, Number.NaN, burst, 0);
    this.#queue.add(outgoing, Severity.INFO, MANIFEST_BYTES);
    this.hurry();
  }

  /** Lets what waits leave and be delivered at once, and not when the next batch is full. */
  hurry(): void {
    this.#urgent = true;
    this.#start();
  }

  /** Drops the quietest, oldest record. @returns false if none waits */
  dropQuietest(): boolean {
    const outgoing = this.#queue.takeQuietest();
    if (outgoing === undefined) return false;
    this.#counters.dropped.bytes += 1;
    if (outgoing.burst !== undefined) outgoing.burst.dropped += 1;
    if (outgoing.number > 0) this.#events.dropped(outgoing.number);
    this.#settle();
    return true;
  }

  /** Resolves when all that waits now has been handed on. */
  drained(): Promise<void> {
    if (this.#queue.count === 0) return Promise.resolve();
    this.hurry();
    return this.#waiters.wait(this.#queue.lastSequence);
  }

  /** Gives away what waits, in order. Manifests are made for it. */
  takeAll(see: (item: T, added: BurstAttributes | undefined, cameAt: number) => void): void {
    for (let next = this.#queue.takeFirst(); next !== undefined; next = this.#queue.takeFirst()) {
      const { item, burst, cameAt } = next;
      if (item === undefined) see(this.#target.items.manifestOf(burst!), undefined, cameAt);
      else see(item, next, cameAt);
    }
  }

  /** Drops what is left. */
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
      // A target does not throw. Should it, the record is lost, and the replay goes on.
      this.#counters.unreadable += 1;
    }
  }

  #send(outgoing: Outgoing<T>): void {
    const { item, burst, size, cameAt } = outgoing;
    const target = this.#target;
    // The counts of a manifest grow until it leaves.
    if (item === undefined) target.send(target.items.manifestOf(burst!), size, undefined, undefined, cameAt);
    else target.send(item, size, outgoing, undefined, cameAt);
  }

  #settle(): void {
    if (this.#waiters.any) this.#waiters.settle(this.#queue.firstSequence);
  }
}
