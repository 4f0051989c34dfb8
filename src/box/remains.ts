import { BURST_ID, BURST_SEQUENCE, type ReadableLogRecordLike } from '../record/index.ts';
import type { BoxHeader } from './box-header.ts';
import type { ByteReader } from './byte-reader.ts';
import type { LastWords, VitalSigns } from './last-words.ts';
import { Entry } from './layout.ts';
import { type BoxRecord, readKey } from './record-decoder.ts';

/** A record that was neither delivered nor discarded. */
export interface Remaining {
  readonly record: ReadableLogRecordLike;
  /** The state of the record when the process ended: held, or being delivered. */
  readonly state: 'held' | 'loud';
}

/** What remained of a process. */
export interface Remains {
  /** In the order in which they were written. */
  readonly records: readonly Remaining[];
  /** Oldest first, the newest at the end. */
  readonly signs: readonly VitalSigns[];
  readonly lastWords: readonly LastWords[];
}

/** The number of vital signs that are kept, which covers one minute. */
const MAX_SIGNS = 60;
const MAX_LAST_WORDS = 16;

interface Held {
  readonly order: number;
  readonly key: string;
  readonly record: ReadableLogRecordLike;
}

/** Replays the entries that a process wrote and computes which records remained at the end. */
export class History {
  readonly #header: BoxHeader;
  /** Held records, by number. */
  readonly #held = new Map<number, Held>();
  /** The numbers of the records of each key, oldest first. */
  readonly #keys = new Map<string, number[]>();
  readonly #ended = new Set<string>();
  /** Records that are released but not yet handed to the delivery, by number. */
  readonly #released = new Map<number, Held>();
  /** Records being delivered, by delivery number. */
  readonly #loud = new Map<number, Held>();
  readonly #signs: VitalSigns[] = [];
  readonly #lastWords: LastWords[] = [];
  #order = 0;

  constructor(header: BoxHeader) {
    this.#header = header;
  }

  held(number: number, { record, key }: BoxRecord): void {
    this.#held.set(number, { order: this.#next(), key, record });
    const numbers = this.#keys.get(key);
    if (numbers === undefined) this.#keys.set(key, [number]);
    else numbers.push(number);
  }

  loud({ record, delivery }: BoxRecord): void {
    this.#loud.set(delivery, { order: this.#next(), key: '', record });
  }

  /** Applies an entry that is not a record. Throws if the entry is invalid. */
  entry(entry: number, input: ByteReader): void {
    switch (entry) {
      case Entry.ENDED:
        this.#ended.add(readKey(input));
        return;
      case Entry.RESUMED:
        this.#ended.delete(readKey(input));
        return;
      case Entry.EMPTIED:
        return this.#take(readKey(input), () => {});
      case Entry.RELEASED:
        return this.#release(readKey(input), input.varint());
      case Entry.HANDED_ON:
        return this.#handOn(input.varint(), input.varint(), input.varint(), input.text());
      case Entry.SETTLED: {
        const first = input.varint();
        return this.#settle(first, first + input.varint());
      }
      case Entry.DROPPED:
        this.#released.delete(input.varint());
        return;
      case Entry.SIGNS:
        return keepLast(this.#signs, JSON.parse(input.text()) as VitalSigns, MAX_SIGNS);
      case Entry.LAST_WORDS:
        return keepLast(this.#lastWords, JSON.parse(input.text()) as LastWords, MAX_LAST_WORDS);
      default:
        throw new RangeError(`an entry of unknown kind ${entry}`);
    }
  }

  remains(): Remains {
    const { capacity, maxAgeMillis } = this.#header;
    const held: Held[] = [];
    for (const [key, numbers] of this.#keys) {
      // Records that the process no longer held are not recovered.
      if (this.#ended.has(key)) continue;
      for (const number of numbers.slice(-capacity)) held.push(this.#held.get(number)!);
    }
    const newest = newestOf([...held, ...this.#loud.values()]);
    const isYoung = ({ record }: Held) => newest - millisOf(record) <= maxAgeMillis;
    const loud = new Set(this.#loud.values());
    const all = [...held.filter(isYoung), ...this.#released.values(), ...loud];
    all.sort((one, other) => one.order - other.order);
    return {
      records: all.map((one) => ({ record: one.record, state: loud.has(one) ? 'loud' : 'held' })),
      signs: this.#signs,
      lastWords: this.#lastWords,
    };
  }

  #next(): number {
    this.#order += 1;
    return this.#order;
  }

  #release(key: string, count: number): void {
    this.#take(key, (numbers) => {
      for (const number of count === 0 ? [] : numbers.slice(-count)) {
        this.#released.set(number, this.#held.get(number)!);
      }
    });
  }

  #handOn(number: number, delivery: number, sequence: number, burstId: string): void {
    const released = this.#released.get(number);
    if (released === undefined) return;
    this.#released.delete(number);
    const { record } = released;
    const attributes = { ...record.attributes, [BURST_ID]: burstId, [BURST_SEQUENCE]: sequence };
    this.#loud.set(delivery, { ...released, record: { ...record, attributes } });
  }

  #settle(first: number, last: number): void {
    if (last - first > this.#loud.size) {
      for (const delivery of this.#loud.keys()) {
        if (delivery >= first && delivery <= last) this.#loud.delete(delivery);
      }
      return;
    }
    for (let delivery = first; delivery <= last; delivery += 1) this.#loud.delete(delivery);
  }

  /** Removes the records of a key. Records that are held under it later belong to a trace that is open again. */
  #take(key: string, use: (numbers: readonly number[]) => void): void {
    this.#ended.delete(key);
    const numbers = this.#keys.get(key);
    if (numbers === undefined) return;
    this.#keys.delete(key);
    use(numbers);
    for (const number of numbers) this.#held.delete(number);
  }
}

function keepLast<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}

function millisOf({ hrTime: [seconds, nanoseconds] }: ReadableLogRecordLike): number {
  return seconds * 1_000 + nanoseconds / 1e6;
}

function newestOf(list: readonly Held[]): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (const { record } of list) newest = Math.max(newest, millisOf(record));
  return newest;
}
