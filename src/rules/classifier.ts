import type { JournalEntry } from '../component/index.ts';
import { type LogGroup, logGroups } from '../otlp/index.ts';
import { Turns } from '../record/index.ts';
import type { Rule } from './rule.ts';
import { positionInSample } from './sample.ts';

/** The results of all rules' conditions for the records of an entry. */
export interface Classified {
  /** One row per record, with a 1 for each rule whose condition it matches. */
  readonly matches: Uint8Array;
  /** The position of each record in a sample. Empty if no rule samples. */
  readonly positions: Float64Array;
  /** By rule: the key of each record for its limit. */
  readonly keys: ReadonlyMap<number, readonly string[]>;
}

/** Entries of this size or larger are classified in slices. */
const LONG_BYTES = 262_144;
/** Values of a limit's key are truncated to this length. */
const MAX_KEY_LENGTH = 256;
const KEY_BYTES = 2 * MAX_KEY_LENGTH + 16;
const MAX_CACHED_BYTES = 16 * 1_048_576;

interface Cached {
  readonly result: Classified | Promise<Classified>;
  readonly bytes: number;
  /** Identifies the processing: processors may have changed the same entry. */
  readonly processing: number | undefined;
}

/**
 * Decodes the records of an entry and evaluates every rule's condition, once for all sinks: up to 16 MiB of
 * recent results are cached.
 */
export class Classifier {
  readonly #rules: readonly Rule[];
  readonly #cached = new Map<number, Cached>();
  #bytes = 0;

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  /** @throws WireError if the entry is not a valid request. Async for a large entry. */
  classify(entry: JournalEntry): Classified | Promise<Classified> {
    const found = this.#cached.get(entry.index);
    if (found !== undefined && found.processing === entry.processing) return found.result;
    this.#remove(entry.index);
    const work = new Classification(this.#rules, entry);
    const result = entry.body.length < LONG_BYTES ? work.atOnce() : work.inSlices();
    this.#keep(entry, result);
    return result;
  }

  /** The same without the cache, for an entry that differs from the one in the journal. */
  classifyUncached(entry: JournalEntry): Promise<Classified> {
    return new Classification(this.#rules, entry).inSlices();
  }

  #keep({ index, records, processing }: JournalEntry, result: Classified | Promise<Classified>): void {
    // Each record may have a different key. 64 bytes are for the object and its map entry.
    const keyed = this.#rules.filter(({ limit }) => limit?.key !== undefined).length;
    const bytes = 64 + records * (this.#rules.length + 8 + keyed * KEY_BYTES);
    this.#cached.set(index, { result, bytes, processing });
    this.#bytes += bytes;
    if (result instanceof Promise) {
      result.catch(() => {
        if (this.#cached.get(index)?.result === result) this.#remove(index);
      });
    }
    for (const oldest of this.#cached.keys()) {
      if (this.#bytes <= MAX_CACHED_BYTES) return;
      this.#remove(oldest);
    }
  }

  #remove(index: number): void {
    this.#bytes -= this.#cached.get(index)?.bytes ?? 0;
    this.#cached.delete(index);
  }
}

class Classification implements Classified {
  readonly matches: Uint8Array;
  readonly positions: Float64Array;
  readonly keys = new Map<number, string[]>();
  readonly #rules: readonly Rule[];
  readonly #entry: JournalEntry;
  #ordinal = 0;

  constructor(rules: readonly Rule[], entry: JournalEntry) {
    this.#rules = rules;
    this.#entry = entry;
    this.matches = new Uint8Array(entry.records * rules.length);
    this.positions = new Float64Array(rules.some(({ sample }) => sample !== undefined) ? entry.records : 0);
    for (const [at, { limit }] of rules.entries()) if (limit?.key !== undefined) this.keys.set(at, []);
  }

  atOnce(): Classified {
    for (const group of logGroups(this.#entry.body)) this.#add(group);
    return this;
  }

  async inSlices(): Promise<Classified> {
    const turns = new Turns();
    const { signal } = new AbortController();
    for (const group of logGroups(this.#entry.body)) {
      this.#add(group);
      if (turns.isOver) await turns.pause(signal);
    }
    return this;
  }

  #add({ resource, scope, records }: LogGroup): void {
    const rules = this.#rules;
    const { matches, positions } = this;
    for (const record of records) {
      const row = this.#ordinal * rules.length;
      for (let at = 0; at < rules.length; at += 1) {
        const { test } = rules[at]!;
        if (test === undefined || test(record, scope, resource) === true) matches[row + at] = 1;
      }
      if (positions.length > 0) {
        positions[this.#ordinal] = positionInSample(record.traceId, this.#entry.index, this.#ordinal);
      }
      for (const [at, keys] of this.keys) {
        const isMet = matches[row + at] === 1;
        const key = isMet ? rules[at]!.limit!.key!(record, scope, resource) : undefined;
        keys.push(key?.slice(0, MAX_KEY_LENGTH) ?? '');
      }
      this.#ordinal += 1;
    }
  }
}
