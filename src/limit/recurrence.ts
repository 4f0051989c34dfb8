/** For so many bursts in so long an error is new. */
const NEW_TIMES = 3;
const NEW_MILLIS = 600_000;
/** Fingerprints that are remembered at once. */
const MAX_FINGERPRINTS = 4_096;

/** The times of the last three of something. */
class LastTimes {
  readonly #times: number[] = new Array(NEW_TIMES).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  /** Whether there were fewer than three in the last ten minutes. */
  areFew(now: number): boolean {
    return now - this.#times[this.#next]! > NEW_MILLIS;
  }

  add(now: number): void {
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % NEW_TIMES;
  }
}

/** What one error has lost to the limit since the last summary. `T` is what stands for an item. */
export class Limited<T> {
  /** Bursts that did not leave. */
  bursts = 0;
  /** What they held. */
  records = 0;
  /** When the first and the last of them would have begun, milliseconds since the epoch. */
  firstTime = Number.POSITIVE_INFINITY;
  lastTime = Number.NEGATIVE_INFINITY;
  /** Stands for the first item that did not leave. */
  readonly origin: T;

  constructor(origin: T) {
    this.origin = origin;
  }

  add(bursts: number, records: number, firstTime: number, lastTime: number): void {
    this.bursts += bursts;
    this.records += records;
    this.firstTime = Math.min(this.firstTime, firstTime);
    this.lastTime = Math.max(this.lastTime, lastTime);
  }
}

/** Of an error whose burst did not leave. */
export interface Repeat {
  readonly fingerprint: string;
  /** How often the error came, this one included. */
  readonly count: number;
  /** The id of its last burst; undefined if there was none. */
  readonly lastBurstId: string | undefined;
}

/** What is known of one error, which is one fingerprint. */
export class Recurrence<T> implements Repeat {
  readonly fingerprint: string;
  /** How often it came, as far as it is remembered. */
  count = 0;
  /** The id of its last burst. */
  lastBurstId: string | undefined;
  /** Undefined if it has lost nothing since the last summary. */
  limited: Limited<T> | undefined;
  readonly #bursts = new LastTimes();
  readonly #windows = new LastTimes();

  constructor(fingerprint: string) {
    this.fingerprint = fingerprint;
  }

  /** Whether a burst of it may use what is reserved for new errors. */
  isNew(now: number): boolean {
    return this.#bursts.areFew(now) || isPowerOfTen(this.count);
  }

  /** The same for an after-window that follows no burst, since nothing was held. */
  isWindowNew(now: number): boolean {
    return this.#windows.areFew(now) || isPowerOfTen(this.count);
  }

  noteBurst(id: string, now: number): void {
    this.lastBurstId = id;
    this.#bursts.add(now);
  }

  noteWindow(now: number): void {
    this.#windows.add(now);
  }
}

/**
 * The errors that were seen, by fingerprint. Full, it forgets the one that was not seen for longest.
 * What a forgotten one has lost since the last summary is given to `onForgotten`.
 */
export class RecurrenceTable<T> {
  readonly #byFingerprint = new Map<string, Recurrence<T>>();
  readonly #onForgotten: (limited: Limited<T>) => void;

  constructor(onForgotten: (limited: Limited<T>) => void) {
    this.#onForgotten = onForgotten;
  }

  get size(): number {
    return this.#byFingerprint.size;
  }

  /** Counts one more of an error. */
  seen(fingerprint: string): Recurrence<T> {
    const known = this.#byFingerprint.get(fingerprint);
    const recurrence = known ?? new Recurrence<T>(fingerprint);
    recurrence.count += 1;
    if (known !== undefined) this.#byFingerprint.delete(fingerprint);
    this.#byFingerprint.set(fingerprint, recurrence);
    if (this.#byFingerprint.size > MAX_FINGERPRINTS) this.#forgetOldest();
    return recurrence;
  }

  all(): Iterable<Recurrence<T>> {
    return this.#byFingerprint.values();
  }

  clear(): void {
    this.#byFingerprint.clear();
  }

  #forgetOldest(): void {
    const [oldest] = this.#byFingerprint.values();
    this.#byFingerprint.delete(oldest!.fingerprint);
    if (oldest!.limited !== undefined) this.#onForgotten(oldest!.limited);
  }
}

/** 10, 100, 1,000 … */
function isPowerOfTen(count: number): boolean {
  return count >= 10 && Number.isInteger(Math.log10(count));
}
