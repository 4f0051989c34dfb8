/** An error is new if it had fewer than `NEW_TIMES` bursts in the last `NEW_MILLIS`. */
const NEW_TIMES = 3;
const NEW_MILLIS = 600_000;
/** How many fingerprints are kept. */
const MAX_FINGERPRINTS = 4_096;

/** The times of the last three events. */
class LastTimes {
  readonly #times: number[] = new Array(NEW_TIMES).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  /** Whether fewer than three events occurred in the last ten minutes. */
  areFew(now: number): boolean {
    return now - this.#times[this.#next]! > NEW_MILLIS;
  }

  add(now: number): void {
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % NEW_TIMES;
  }
}

/** What the limit withheld of one error since the last summary. `T` identifies an item. */
export class Limited<T> {
  /** Bursts that were not released. */
  bursts = 0;
  /** Records of those bursts. */
  records = 0;
  /** When the first and the last of those bursts were triggered, in milliseconds since the epoch. */
  firstTime = Number.POSITIVE_INFINITY;
  lastTime = Number.NEGATIVE_INFINITY;
  /** Identifies the first item that was not released. */
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

/** What the trigger of a burst that was not released reports about its error. */
export interface Repeat {
  readonly fingerprint: string;
  /** How often the error occurred, including this time. */
  readonly count: number;
  /** The id of the error's last released burst, or undefined if there was none. */
  readonly lastBurstId: string | undefined;
}

/** The history of one error, identified by its fingerprint. */
export class Recurrence<T> implements Repeat {
  readonly fingerprint: string;
  /** How often the error occurred since its entry was created. */
  count = 0;
  /** The id of the error's last released burst. */
  lastBurstId: string | undefined;
  /** Undefined if nothing was withheld since the last summary. */
  limited: Limited<T> | undefined;
  readonly #bursts = new LastTimes();
  readonly #windows = new LastTimes();

  constructor(fingerprint: string) {
    this.fingerprint = fingerprint;
  }

  /** Whether a burst of this error may use the reserve for new errors. */
  isNew(now: number): boolean {
    return this.#bursts.areFew(now) || isPowerOfTen(this.count);
  }

  /** The same for an after-window without a burst, which opens if no record was held. */
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
 * The errors seen so far, by fingerprint. When the table is full, the least recently seen error is evicted.
 * If the limit withheld records of an evicted error since the last summary, they are passed to `onEvicted`.
 */
export class RecurrenceTable<T> {
  readonly #byFingerprint = new Map<string, Recurrence<T>>();
  readonly #onEvicted: (limited: Limited<T>) => void;

  constructor(onEvicted: (limited: Limited<T>) => void) {
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#byFingerprint.size;
  }

  /** Counts one occurrence of an error. */
  seen(fingerprint: string): Recurrence<T> {
    const known = this.#byFingerprint.get(fingerprint);
    const recurrence = known ?? new Recurrence<T>(fingerprint);
    recurrence.count += 1;
    if (known !== undefined) this.#byFingerprint.delete(fingerprint);
    this.#byFingerprint.set(fingerprint, recurrence);
    if (this.#byFingerprint.size > MAX_FINGERPRINTS) this.#evictOldest();
    return recurrence;
  }

  all(): Iterable<Recurrence<T>> {
    return this.#byFingerprint.values();
  }

  clear(): void {
    this.#byFingerprint.clear();
  }

  #evictOldest(): void {
    const [oldest] = this.#byFingerprint.values();
    this.#byFingerprint.delete(oldest!.fingerprint);
    if (oldest!.limited !== undefined) this.#onEvicted(oldest!.limited);
  }
}

/** 10, 100, 1,000 … */
function isPowerOfTen(count: number): boolean {
  return count >= 10 && Number.isInteger(Math.log10(count));
}
