import type { Repeat } from '../limit/index.ts';
import { armImmediate, FlushWaiters, nextTurn, RankedQueue, Severity } from '../record/index.ts';
import type { Accounts } from './accounts.ts';
import type { Burst, Mark, TriggerCause } from './burst.ts';
import { MANIFEST_BYTES, type Outlet } from './outlet.ts';

/** An item on its way out with its mark; without an item, the manifest of its burst. */
class Outgoing<T> implements Mark {
  readonly item: T | undefined;
  readonly size: number;
  /** Of a released item, and of a manifest. */
  readonly burst: Burst<T> | undefined;
  readonly burstId: string | undefined;
  readonly sequence: number;
  readonly cause: TriggerCause | undefined;
  readonly repeat: Repeat | undefined;

  constructor(item: T | undefined, size: number, burst: Burst<T> | undefined, sequence: number, mark?: Mark) {
    this.item = item;
    this.size = size;
    this.burst = burst;
    this.burstId = burst === undefined ? mark?.burstId : burst.id;
    this.sequence = sequence;
    this.cause = mark?.cause;
    this.repeat = mark?.repeat;
  }
}

/**
 * The queue of what a burst released, handed on in order, `batch` at a time, each time waiting for the flush:
 * a downstream queue drops without a word when it is full. Between two batches the event loop has its turn.
 *
 * - **Full**: it has no bound of its own; its owner calls `dropQuietest()`.
 * - **Stops**: `stop()` gives up what is left, counted.
 */
export class Replay<T> {
  readonly #queue = new RankedQueue<Outgoing<T>>();
  readonly #outlet: Outlet<T>;
  readonly #accounts: Accounts;
  /** How many are handed on before the flush is awaited. */
  readonly batch: number;
  readonly #waiters = new FlushWaiters();
  #handedOn = 0;
  #running = false;
  #urgent = false;
  #stopped = false;

  constructor(outlet: Outlet<T>, accounts: Accounts, batch: number) {
    this.#outlet = outlet;
    this.#accounts = accounts;
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

  /** Adds what a burst released. This is done for all of a burst at once: keep it cheap. */
  addReleased(item: T, size: number, burst: Burst<T>): void {
    const sequence = burst.count(this.#outlet.timeOf(item));
    this.#queue.add(new Outgoing(item, size, burst, sequence), this.#outlet.rank(item), size);
    this.#start();
  }

  /**
   * Adds what keeps its place behind a replay (chronological order): a live item, or one that passes.
   * @param mark what is added to it
   */
  addLive(item: T, size: number, mark?: Mark): void {
    this.#queue.add(new Outgoing<T>(item, size, undefined, 0, mark), this.#outlet.rank(item), size);
    this.#start();
  }

  /** Adds the manifest; to be called after the last item of its burst. The whole burst then leaves at once. */
  addManifest(burst: Burst<T>): void {
    this.#accounts.live += 1;
    const outgoing = new Outgoing<T>(undefined, MANIFEST_BYTES, burst, 0);
    this.#queue.add(outgoing, Severity.INFO, MANIFEST_BYTES);
    this.hurry();
  }

  /** Lets what waits leave and be delivered at once, and not when the next batch is full. */
  hurry(): void {
    this.#urgent = true;
    this.#start();
  }

  /** Gives up the quietest, oldest record. @returns false if none waits */
  dropQuietest(): boolean {
    const outgoing = this.#queue.takeQuietest();
    if (outgoing === undefined) return false;
    this.#accounts.dropped.bytes += 1;
    if (outgoing.burst !== undefined) outgoing.burst.dropped += 1;
    this.#settle();
    return true;
  }

  /** Resolves when all that waits now has been handed on. */
  drained(): Promise<void> {
    if (this.#queue.count === 0) return Promise.resolve();
    this.hurry();
    return this.#waiters.wait(this.#queue.lastSequence);
  }

  /** Gives up what is left. */
  stop(): void {
    this.#stopped = true;
    while (this.#queue.takeFirst() !== undefined) this.#accounts.dropped.shutdown += 1;
    this.#settle();
  }

  #start(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    armImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#queue.count > 0 && !this.#stopped) {
      while (this.#handedOn < this.batch) {
        const outgoing = this.#queue.takeFirst();
        if (outgoing === undefined) break;
        this.#handOn(outgoing);
      }
      this.#settle();
      if (this.#handedOn < this.batch && !this.#urgent) break;
      if (this.#queue.count === 0) this.#urgent = false;
      this.#handedOn = 0;
      await this.#outlet.flush();
      await nextTurn();
    }
    this.#running = false;
  }

  #handOn(outgoing: Outgoing<T>): void {
    this.#handedOn += 1;
    try {
      this.#send(outgoing);
    } catch {
      // An outlet does not throw. Should it, the record is lost, and the replay goes on.
      this.#accounts.unreadable += 1;
    }
  }

  #send(outgoing: Outgoing<T>): void {
    if (outgoing.item === undefined) this.#outlet.sendManifest(outgoing.burst!);
    else this.#outlet.send(outgoing.item, outgoing.size, outgoing, undefined);
  }

  #settle(): void {
    if (this.#waiters.any) this.#waiters.settle(this.#queue.firstSequence);
  }
}
