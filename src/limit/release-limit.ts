import type { Clock } from '../record/index.ts';
import { Limited, type Recurrence, RecurrenceTable, type Repeat } from './recurrence.ts';
import { TokenBucket } from './token-bucket.ts';

/** How many quiet records may leave in which time, and which share is kept for new errors. */
export interface LimitOptions {
  readonly records: number;
  readonly millis: number;
  readonly reserve: number;
}

/** Whether a burst may begin. */
export interface Admission<T> {
  readonly isAdmitted: boolean;
  /** Whether what passes after the burst may use the reserve. */
  readonly isNew: boolean;
  /** The error that asks. Undefined if it is not limited. */
  readonly recurrence: Recurrence<T> | undefined;
}

/** Says what was not released of one error, or of several that are no longer known apart. */
export type ReportLimited<T> = (limited: Limited<T>, recurrence: Recurrence<T> | undefined) => void;

const SUMMARY_MILLIS = 60_000;
const NOT_LIMITED: Admission<never> = { isAdmitted: true, isNew: true, recurrence: undefined };

/**
 * Keeps an error storm from becoming a bill, and what is rare from being lost in it. A burst leaves whole or
 * not at all, within a token bucket of quiet records. A share of the bucket is kept for errors that are new:
 * those with fewer than three bursts in the last ten minutes, and the 10th, 100th, 1,000th … of the others.
 *
 * It owns the table of the errors that were seen, and once a minute reports what did not leave, error by
 * error.
 */
export class ReleaseLimit<T> {
  readonly #clock: Clock;
  readonly #report: ReportLimited<T>;
  /** Undefined: nothing is limited. */
  readonly #bucket: TokenBucket | undefined;
  /** Tokens that only new errors may use. */
  readonly #reserved: number = 0;
  readonly #recurrences = new RecurrenceTable<T>((limited) => this.#forget(limited));
  /** Of errors that the table has forgotten since the last report. */
  #others: Limited<T> | undefined;
  #cancelReport: (() => void) | undefined;

  constructor(options: LimitOptions | false, clock: Clock, report: ReportLimited<T>) {
    this.#clock = clock;
    this.#report = report;
    if (options === false) return;
    this.#bucket = new TokenBucket(options.records, options.millis, clock.monotonicNow());
    this.#reserved = options.records * options.reserve;
  }

  /**
   * Asks whether a burst of so many records may begin, and if so takes their tokens.
   * @param fingerprint says which error it is; undefined: it is not limited
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
   * Notes a burst that was not admitted.
   * @param origin stands for the first of its records
   * @returns what its trigger says of it
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

  /** Asks whether a quiet record may pass in an after-window, and if so takes its token. */
  pass(isNew: boolean, now: number): boolean {
    return this.#bucket === undefined || this.#bucket.take(1, isNew ? 0 : this.#reserved, now);
  }

  /** Reports what is still to be reported, and forgets everything. */
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
    const others = this.#others;
    this.#others = undefined;
    if (others !== undefined) this.#report(others, undefined);
  }

  #forget({ bursts, records, firstTime, lastTime, origin }: Limited<T>): void {
    this.#others ??= new Limited(origin);
    this.#others.add(bursts, records, firstTime, lastTime);
  }
}
