import type { Clock } from '../record/index.ts';
import { Limited, type Recurrence, RecurrenceTable, type Repeat } from './recurrence.ts';
import { TokenBucket } from './token-bucket.ts';

/** Limits the number of quiet records that are released per time, with a reserve for new errors. */
export interface LimitOptions {
  readonly records: number;
  readonly millis: number;
  readonly reserve: number;
}

/** The limit's decision on a burst. */
export interface Admission<T> {
  readonly isAdmitted: boolean;
  /** Whether records passed in the after-window may use the reserve. */
  readonly isNew: boolean;
  /** The error that triggered the burst. Undefined if the burst is not limited. */
  readonly recurrence: Recurrence<T> | undefined;
}

/** Reports what was withheld of one error, or, without `recurrence`, of all errors evicted from the table. */
export type ReportLimited<T> = (limited: Limited<T>, recurrence: Recurrence<T> | undefined) => void;

const SUMMARY_MILLIS = 60_000;
const NOT_LIMITED: Admission<never> = { isAdmitted: true, isNew: true, recurrence: undefined };

/**
 * Bounds the number of quiet records that are released during an error storm, without losing rare errors.
 *
 * A burst is released completely or not at all. Each released or passed quiet record takes one token of a
 * token bucket. A share of the bucket is reserved for new errors: errors with fewer than three bursts in the
 * last ten minutes, and the 10th, 100th, 1,000th … occurrence of any other error.
 *
 * It owns the table of the errors seen so far. Once a minute it reports, per error, what was not released.
 */
export class ReleaseLimit<T> {
  readonly #clock: Clock;
  readonly #report: ReportLimited<T>;
  /** Undefined if nothing is limited. */
  readonly #bucket: TokenBucket | undefined;
  /** Tokens that only new errors may use. */
  readonly #reserved: number = 0;
  readonly #recurrences = new RecurrenceTable<T>((limited) => this.#addEvicted(limited));
  /** What was withheld of errors that the table evicted since the last report. */
  #evicted: Limited<T> | undefined;
  #cancelReport: (() => void) | undefined;

  constructor(options: LimitOptions | false, clock: Clock, report: ReportLimited<T>) {
    this.#clock = clock;
    this.#report = report;
    if (options === false) return;
    this.#bucket = new TokenBucket(options.records, options.millis, clock.monotonicNow());
    this.#reserved = options.records * options.reserve;
  }

  /**
   * Decides whether a burst of `count` records may be released, and if so takes their tokens.
   * @param fingerprint returns the error's fingerprint; undefined if the burst is not limited
   */
  admit(fingerprint: (() => string) | undefined, count: number, now: number): Admission<T> {
    if (this.#bucket === undefined || fingerprint === undefined) return NOT_LIMITED;
    const recurrence = this.#recurrences.seen(fingerprint());
    if (count === 0) {
      const isNew = recurrence.isWindowNew(now);
      recurrence.noteWindow(now);
      return { isAdmitted: true, isNew, recurrence };
    }
    const isNew = recurrence.isNew(now);
    return { isAdmitted: this.#bucket.take(count, isNew ? 0 : this.#reserved, now), isNew, recurrence };
  }

  /**
   * Records that a burst was not admitted.
   * @param origin identifies the first record of the burst
   * @returns what the trigger reports about its error, or undefined if the burst is not limited
   */
  noteLimited({ recurrence }: Admission<T>, count: number, origin: T): Repeat | undefined {
    if (recurrence === undefined) return undefined;
    recurrence.limited ??= new Limited(origin);
    const time = this.#clock.now();
    recurrence.limited.add(1, count, time, time);
    this.#cancelReport ??= this.#clock.after(SUMMARY_MILLIS, () => this.#reportAll());
    const { fingerprint, lastBurstId } = recurrence;
    return { fingerprint, count: recurrence.count, lastBurstId };
  }

  /** Decides whether a quiet record may pass in an after-window, and if so takes its token. */
  pass(isNew: boolean, now: number): boolean {
    return this.#bucket === undefined || this.#bucket.take(1, isNew ? 0 : this.#reserved, now);
  }

  /** Reports everything not yet reported and clears the table. */
  end(): void {
    this.#reportAll();
    this.#recurrences.clear();
  }

  #reportAll(): void {
    this.#cancelReport?.();
    this.#cancelReport = undefined;
    for (const recurrence of this.#recurrences.all()) {
      const { limited } = recurrence;
      if (limited === undefined) continue;
      recurrence.limited = undefined;
      this.#report(limited, recurrence);
    }
    const evicted = this.#evicted;
    this.#evicted = undefined;
    if (evicted !== undefined) this.#report(evicted, undefined);
  }

  #addEvicted({ bursts, records, firstTime, lastTime, origin }: Limited<T>): void {
    this.#evicted ??= new Limited(origin);
    this.#evicted.add(bursts, records, firstTime, lastTime);
  }
}
