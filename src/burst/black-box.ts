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

/** The dependencies of a {@link BlackBox}. */
export interface BlackBoxParts<T> {
  readonly options: ResolvedBlackBoxOptions;
  readonly bounds: HoldingBounds;
  readonly clock: Clock;
  /** Whether the last span of a trace has ended. In that state its records are not written. */
  readonly hasEnded: (key: string) => boolean;
  readonly holding: () => number;
  /** Returns a held item as a record. The next call may return the same object. */
  readonly readable: (item: T, cameAt: number) => ReadableLogRecordLike;
  readonly warn: (message: string) => void;
}

/** The minimum interval between two flushes by triggers, in milliseconds. */
const MIN_FLUSH_INTERVAL_MILLIS = 1;

/**
 * Writes the held and undelivered records of this process, and what happens to them, to its black box file.
 *
 * A record is encoded at the next flush, if it is still held and its trace has not ended by then. A trigger,
 * a failure and the process exit flush at once. With a watcher, which can write encoded records at any time,
 * a record is encoded on arrival.
 *
 * It owns the process listeners for `exit` and `uncaughtExceptionMonitor`, the set of keys with written
 * records, and the set of unsettled deliveries.
 */
export class BlackBox<T> implements HoldingObserver<T> {
  readonly #box: Box;
  readonly #parts: BlackBoxParts<T>;
  readonly #timer: FlushTimer;
  #items: HeldItems<T> | undefined;
  /** The time of the last flush by a trigger. */
  #triggeredAt = Number.NEGATIVE_INFINITY;
  /** Keys with records in the box. */
  readonly #written = new Set<string>();
  /** Ended traces in which a span has started again. Their skipped records are written at the next flush. */
  readonly #resumed = new Set<string>();
  /** Loud records that are neither delivered nor written, by delivery number. */
  readonly #waiting = new Map<number, ReadableLogRecordLike>();
  /** Delivery numbers that were written and are not settled. */
  readonly #unsettled = new Set<number>();
  /** Delivery numbers settled since `sending()`. One of them may be the number of the record being sent. */
  readonly #justSettled = new Set<number>();
  #lastKey: string | undefined;
  #lastHasEnded = false;

  /** @throws if the file cannot be created */
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

  /** Whether a write to its file has failed. */
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
    if (now >= this.#timer.nextCheckAt) this.#checkTimer();
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
    // Bounds the cost of flushes in an error storm.
    if (now - this.#triggeredAt < MIN_FLUSH_INTERVAL_MILLIS) return this.#arm();
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

  /** Called when the last span of a trace has ended. */
  ended(traceId: string): void {
    if (!this.#written.has(traceId)) return;
    this.#box.writer.mark(Entry.ENDED, traceId);
    this.#arm();
  }

  /** Called when a span starts in a trace that had ended. */
  resumed(traceId: string): void {
    if (this.#box.hasEnded) return;
    this.#resumed.add(traceId);
    if (this.#written.has(traceId)) this.#box.writer.mark(Entry.RESUMED, traceId);
    if (this.#box.isWatched) this.#writeHeld();
    else this.#arm();
  }

  /** Called before a record is passed to the delivery. */
  sending(): void {
    this.#justSettled.clear();
  }

  /**
   * Called after a record was passed to the delivery.
   * @param number the box's number of a released record that was written, otherwise 0
   * @param delivery the delivery number; 0 if the delivery did not accept the record
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

  /** Called when the deliveries `first` to `last` have succeeded, or have failed and were counted. */
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

  /** Called when the process is ending for a known reason. */
  lastWords(ending: Ending): void {
    this.#box.lastWords({ text: endingText(ending), isFailure: isFailure(ending) });
    this.flush();
  }

  /** Writes all pending entries now. */
  flush(): void {
    this.#timer.cancel();
    if (this.#box.hasEnded) return this.#stop();
    this.#writeHeld();
    this.#writeWaiting();
    this.#box.writer.flush();
  }

  /**
   * Closes the box while the process continues. The file is removed if everything was delivered.
   * @param isClean whether no record was dropped by the shutdown
   */
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

  /** Discards held records on a clean exit. */
  #discardHeld(): void {
    for (const key of this.#written) this.#box.writer.mark(Entry.EMPTIED, key);
    this.#items = undefined;
  }

  #end(): void {
    process.off('exit', this.#onExit);
    process.off('uncaughtExceptionMonitor', this.#onUncaught);
    this.#stop();
  }

  /** Stops writing. A file whose write has failed is kept until the outcome of the process is known. */
  #stop(): void {
    this.#timer.stop();
    this.#waiting.clear();
    this.#written.clear();
    this.#resumed.clear();
  }

  /** Called when a record arrives and no flush is scheduled, or the scheduled one is overdue. */
  #checkTimer(): void {
    if (this.#box.hasEnded) return this.#stop();
    if (this.#box.isWatched) return this.#writeHeld();
    // The event loop is blocked, so the timer has not fired.
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

  /** @returns the box's number of the record; 0 if it is excluded or cannot be encoded */
  #write(item: T, key: string, cameAt: number): number {
    const record = this.#parts.readable(item, cameAt);
    if (this.#parts.options.isExcluded(record.instrumentationScope.name)) return 0;
    return this.#box.writer.held(record, key);
  }
}
