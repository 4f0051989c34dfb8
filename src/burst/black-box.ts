import {
  Box,
  type Ending,
  Entry,
  endingText,
  isFailure,
  type ResolvedBlackBoxOptions,
} from '../box/index.ts';
import type { HeldItems, HoldingBounds, HoldingObserver, Keys, VisitItem } from '../holding/index.ts';
import type { Clock, ReadableLogRecordLike } from '../record/index.ts';
import { FlushTimer } from './flush-timer.ts';

/** What a black box works with. */
export interface BlackBoxParts<T> {
  readonly options: ResolvedBlackBoxOptions;
  readonly bounds: HoldingBounds;
  readonly clock: Clock;
  /** Whether the last span of a trace has ended: its records are not written as long as that holds. */
  readonly hasEnded: (key: string) => boolean;
  readonly holding: () => number;
  /** A held item as a record. The next call may give the same object. */
  readonly readable: (item: T, cameAt: number) => ReadableLogRecordLike;
  readonly warn: (message: string) => void;
}

/** Triggers flush no more often than this, in milliseconds. */
const LEAST_MILLIS = 1;

/**
 * Writes to the box of this process what becomes of its records. It is lazy: a record is encoded at the next
 * flush, if it is still held then and its trace has not ended. A trigger, a failure and the end of the
 * process flush at once. With a watcher, which can write what is encoded at any time, it encodes a record
 * when it comes.
 *
 * It owns the listeners for the end of the process, and two sets: the keys of which records were written, and
 * the deliveries that are not settled.
 */
export class BlackBox<T> implements HoldingObserver<T> {
  readonly #box: Box;
  readonly #parts: BlackBoxParts<T>;
  readonly #timer: FlushTimer;
  #items: HeldItems<T> | undefined;
  /** When a trigger flushed last. */
  #triggeredAt = Number.NEGATIVE_INFINITY;
  /** Keys of which the box holds records. */
  readonly #written = new Set<string>();
  /** Traces that have a span again: what was passed over may count now. */
  readonly #resumed = new Set<string>();
  /** Loud records that are neither delivered nor written, by their delivery number. */
  readonly #waiting = new Map<number, ReadableLogRecordLike>();
  /** Delivery numbers that were written and are not settled. */
  readonly #unsettled = new Set<number>();
  /** Settled while a record was being sent, which may be that record. */
  readonly #justSettled = new Set<number>();
  #lastKey: string | undefined;
  #lastHasEnded = false;

  /** @throws when the file cannot be made */
  constructor(parts: BlackBoxParts<T>) {
    this.#parts = parts;
    const { options, bounds, clock, warn, holding } = parts;
    this.#timer = new FlushTimer(clock, options.flushMillis, () => this.flush());
    const finite = (value: number) => Math.min(value, Number.MAX_SAFE_INTEGER);
    const { service, flushMillis } = options;
    const held = { capacity: finite(bounds.capacity), maxAgeMillis: finite(bounds.maxAgeMillis) };
    this.#box = new Box(options, { service, flushMillis, ...held }, clock, warn);
    this.#box.writeSigns(holding, () => this.flush());
    process.on('exit', this.#onExit);
    process.on('uncaughtExceptionMonitor', this.#onUncaught);
  }

  /** Whether its file could not be written to. */
  get hasFailed(): boolean {
    return this.#box.hasFailed;
  }

  get path(): string {
    return this.#box.path;
  }

  attach(items: HeldItems<T>): void {
    this.#items = items;
  }

  held(now: number): void {
    if (now >= this.#timer.nextLookAt) this.#look();
  }

  releasing(keys: Keys): void {
    if (this.#box.hasEnded) return;
    this.#writeHeld();
    this.#items?.eachUnknown(keys, this.#visitAny);
  }

  released(key: string, count: number): void {
    if (this.#written.delete(key)) this.#box.writer.released(key, count);
  }

  triggered(): void {
    const now = this.#parts.clock.monotonicNow();
    // In a storm of errors the flushes must not become its cost.
    if (now - this.#triggeredAt < LEAST_MILLIS) return this.#arm();
    this.#triggeredAt = now;
    this.flush();
  }

  emptied(key: string): void {
    if (!this.#written.delete(key)) return;
    this.#box.writer.mark(Entry.EMPTIED, key);
    this.#arm();
  }

  dropped(number: number): void {
    this.#box.writer.dropped(number);
    this.#arm();
  }

  /** The last span of a trace has ended. */
  ended(traceId: string): void {
    if (!this.#written.has(traceId)) return;
    this.#box.writer.mark(Entry.ENDED, traceId);
    this.#arm();
  }

  /** A trace that had ended has a span again. */
  resumed(traceId: string): void {
    if (this.#box.hasEnded) return;
    this.#resumed.add(traceId);
    if (this.#written.has(traceId)) this.#box.writer.mark(Entry.RESUMED, traceId);
    if (this.#box.isWatched) this.#writeHeld();
    else this.#arm();
  }

  /** A record is about to be given to the delivery. */
  sending(): void {
    this.#justSettled.clear();
  }

  /**
   * A record was given to the delivery.
   * @param number of a released record that was written
   * @param delivery its delivery number; 0: it was not taken
   */
  sent(
    record: ReadableLogRecordLike,
    number: number,
    delivery: number,
    burstId: string,
    sequence: number,
  ): void {
    if (delivery === 0 || this.#justSettled.has(delivery)) {
      if (number > 0) this.dropped(number);
      return;
    }
    if (number > 0) {
      this.#box.writer.handedOn(number, delivery, burstId, sequence);
      this.#unsettled.add(delivery);
    } else if (!this.#box.hasEnded && !this.#parts.options.isExcluded(record.instrumentationScope.name)) {
      this.#waiting.set(delivery, record);
    }
    this.#arm();
  }

  /** Deliveries from one number to another are done, or have failed and were counted. */
  settled(first: number, last: number): void {
    let wasWritten = false;
    for (let delivery = first; delivery <= last; delivery += 1) {
      this.#waiting.delete(delivery);
      if (this.#unsettled.delete(delivery)) wasWritten = true;
    }
    this.#justSettled.add(first);
    if (!wasWritten) return;
    this.#box.writer.settled(first, last);
    this.#arm();
  }

  /** The process ends, and it is known why. */
  lastWords(ending: Ending): void {
    this.#box.lastWords({ text: endingText(ending), isFailure: isFailure(ending) });
    this.flush();
  }

  /** Writes all that is known now. */
  flush(): void {
    this.#timer.cancel();
    if (this.#box.hasEnded) return this.#stop();
    this.#writeHeld();
    this.#writeWaiting();
    this.#box.writer.flush();
  }

  /** The process goes on without the box: nothing is left of it if everything was delivered. */
  close(isClean: boolean): void {
    if (!isClean || this.#waiting.size > 0 || this.#unsettled.size > 0) {
      this.#box.lastWords({ text: 'shutdown() ended before everything was delivered', isFailure: false });
      this.flush();
      this.#box.leave();
    } else {
      this.#box.remove();
    }
    this.#end();
  }

  readonly #onExit = (code: number): void => {
    if (code === 0) this.#discardHeld();
    this.flush();
    if (code === 0 && this.#unsettled.size === 0) {
      this.#box.remove();
    } else {
      this.#box.lastWords({ text: endingText({ kind: 'exit', code }), isFailure: code !== 0 });
      this.#box.writer.flush();
      this.#box.leave();
    }
    this.#end();
  };

  readonly #onUncaught = (error: unknown, origin: 'uncaughtException' | 'unhandledRejection'): void => {
    this.#box.lastWords({ text: endingText({ kind: origin, error }), isFailure: true, error });
    this.flush();
  };

  /** All went well: what is held is of no use to anybody. */
  #discardHeld(): void {
    for (const key of this.#written) this.#box.writer.mark(Entry.EMPTIED, key);
    this.#items = undefined;
  }

  #end(): void {
    process.off('exit', this.#onExit);
    process.off('uncaughtExceptionMonitor', this.#onUncaught);
    this.#stop();
  }

  /** Nothing is written any more. A file that failed is left until it is known how the process ends. */
  #stop(): void {
    this.#timer.stop();
    this.#waiting.clear();
    this.#written.clear();
    this.#resumed.clear();
  }

  /** A record came, and no flush is scheduled, or it is overdue. */
  #look(): void {
    if (this.#box.hasEnded) return this.#stop();
    if (this.#box.isWatched) return this.#writeHeld();
    // The loop is busy: its timer does not come.
    if (this.#timer.isScheduled) this.flush();
    this.#arm();
  }

  #arm(): void {
    if (this.#box.hasEnded) return;
    if (this.#box.isWatched) return this.#writeWaiting();
    this.#timer.arm();
  }

  #writeWaiting(): void {
    for (const [delivery, record] of this.#waiting) {
      this.#box.writer.loud(record, delivery);
      this.#unsettled.add(delivery);
    }
    this.#waiting.clear();
  }

  #writeHeld(): void {
    const items = this.#items;
    if (items === undefined || this.#box.hasEnded) return;
    this.#lastKey = undefined;
    items.eachNew(this.#visitOpen);
    if (this.#resumed.size === 0) return;
    items.eachUnknown([...this.#resumed], this.#visitOpen);
    this.#resumed.clear();
  }

  readonly #visitOpen: VisitItem<T> = (item, key, cameAt) => {
    if (key !== this.#lastKey) {
      this.#lastKey = key;
      this.#lastHasEnded = this.#parts.hasEnded(key);
      if (!this.#lastHasEnded) this.#written.add(key);
    }
    return this.#lastHasEnded ? 0 : this.#write(item, key, cameAt);
  };

  readonly #visitAny: VisitItem<T> = (item, key, cameAt) => {
    this.#written.add(key);
    return this.#write(item, key, cameAt);
  };

  /** @returns its number; 0 if it is excluded, or cannot be encoded */
  #write(item: T, key: string, cameAt: number): number {
    const record = this.#parts.readable(item, cameAt);
    if (this.#parts.options.isExcluded(record.instrumentationScope.name)) return 0;
    return this.#box.writer.held(record, key);
  }
}
