import { JsonLines, type LogGroup } from '../otlp/index.ts';
import type { Patterns } from '../ottl/index.ts';
import { errorText } from '../record/index.ts';
import { type Driver, isCorrupt } from './driver.ts';
import { damageOf, type PartitionFile, partitionFiles } from './partition-files.ts';
import { PartitionReader } from './partition-reader.ts';
import type { StoreCursor } from './partition-writer.ts';
import { type Plan, planOf, type Query } from './query.ts';
import { ForeignPartition, type PartitionState, UnfinishedPartition } from './schema.ts';
import { Search } from './search.ts';

/** Receives the results of a search. */
export interface Findings {
  /** A partition is about to be opened. If the process ends next, this partition is the cause. */
  at(name: string): void;
  /** Lines of OTLP/JSON with line breaks. */
  lines(text: string): void;
  /** Records of a partition that cannot be decoded, and were skipped. */
  unreadable(name: string, why: string): void;
  /** A partition that cannot be read, and was skipped. */
  damaged(name: string, why: string): void;
}

/** The result of a search. */
export interface Found {
  readonly records: number;
  /** There are more matching records than the limit. */
  readonly more: boolean;
  /** The time limit was reached before everything was searched. */
  readonly isCut: boolean;
  /**
   * How far the store had the journal when the search began. The search covered everything before that, and
   * nothing else.
   */
  readonly cursor: StoreCursor;
}

interface OpenPartition {
  readonly file: PartitionFile;
  readonly reader: PartitionReader;
  readonly state: PartitionState;
}

const MAX_OPEN = 64;

/**
 * Searches a store while another process writes it. A partition that is removed in the meantime is read to
 * its end.
 */
export class StoreReader {
  readonly #driver: Driver;
  readonly #directory: string;
  readonly #now: () => number;
  readonly #patterns: Patterns | undefined;
  readonly #open = new Map<string, PartitionReader>();
  readonly #json = new JsonLines();

  /**
   * @param now milliseconds of a monotonic clock
   * @param patterns for regular expressions in conditions; undefined: such conditions are invalid
   */
  constructor(driver: Driver, directory: string, now: () => number, patterns?: Patterns) {
    this.#patterns = patterns;
    this.#driver = driver;
    this.#directory = directory;
    this.#now = now;
  }

  /** @param boundMillis the search ends after this time @throws ConditionError for an invalid condition */
  records(query: Query, boundMillis: number, findings: Findings): Found {
    const plan = planOf(query, this.#patterns);
    let left = query.limit;
    return this.#search(query, plan, boundMillis, findings, (groups) => {
      let text = '';
      for (const group of groups) {
        const records = group.records.slice(0, left);
        left -= records.length;
        if (records.length > 0) for (const piece of this.#json.lines([{ ...group, records }])) text += piece;
      }
      if (text !== '') findings.lines(text);
      return query.limit - left;
    });
  }

  /** @param boundMillis counting ends after this time, with the result so far */
  count(query: Query, boundMillis: number, findings: Findings): Found {
    const plan = planOf(query, this.#patterns);
    let counted = 0;
    return this.#search(
      { ...query, limit: Number.POSITIVE_INFINITY },
      plan,
      boundMillis,
      findings,
      (groups) => {
        for (const { records } of groups) counted += records.length;
        return counted;
      },
      plan.isExact
        ? (open) => {
            counted += plan.match === undefined ? open.state.records : open.reader.countHits(plan.match);
            return counted;
          }
        : undefined,
    );
  }

  close(): void {
    for (const reader of this.#open.values()) reader.close();
    this.#open.clear();
  }

  /**
   * @param take processes matching records @returns how many records it has processed so far
   * @param whole does the same for a whole partition, without a search
   */
  #search(
    { order, limit }: Query,
    plan: Plan,
    boundMillis: number,
    findings: Findings,
    take: (groups: readonly LogGroup[]) => number,
    whole?: (partition: OpenPartition) => number,
  ): Found {
    const until = this.#now() + boundMillis;
    const { files, cursor } = this.#snapshot(findings);
    if (order === 'newest') files.reverse();
    let [records, seen] = [0, 0];
    const isOver = () => this.#now() > until;
    for (const { file, chunks } of files) {
      const isDone = this.#guarded(file, findings, (partition) => {
        if (!mayHave(partition.state, plan)) return false;
        if (whole !== undefined) records = whole(partition);
        else {
          const damage = (why: string) => findings.unreadable(file.name, why);
          const search = new Search(partition.reader, { plan, order, upTo: chunks }, damage);
          for (const page of search.pages()) {
            for (const group of page) seen += group.records.length;
            records = take(page);
            if (seen > limit || isOver()) return true;
          }
        }
        return isOver();
      });
      if (isDone) return { records, more: seen > records, isCut: seen <= limit && isOver(), cursor };
    }
    return { records, more: seen > records && limit !== Number.POSITIVE_INFINITY, isCut: false, cursor };
  }

  /**
   * The current partitions, oldest first, each with its last chunk. Closes partitions that no longer exist.
   */
  #snapshot(findings: Findings): {
    readonly files: { readonly file: PartitionFile; readonly chunks: number }[];
    readonly cursor: StoreCursor;
  } {
    const files = partitionFiles(this.#directory).filter((file) => damageOf(file) === undefined);
    const names = new Set(files.map(({ name }) => name));
    for (const name of [...this.#open.keys()])
      if (!names.has(name) || this.#open.size > MAX_OPEN) this.#close(name);
    // If the newest partition was created but not written to yet, the previous one has the cursor.
    let cursor: StoreCursor | undefined;
    const all: { file: PartitionFile; chunks: number }[] = [];
    for (const file of files.toReversed()) {
      if (cursor !== undefined) {
        all.push({ file, chunks: Number.MAX_SAFE_INTEGER - 1 });
        continue;
      }
      this.#guarded(file, findings, ({ state }) => {
        cursor = { journal: state.journal, next: state.next };
        all.push({ file, chunks: state.chunks });
        return true;
      });
    }
    return { files: all.reverse(), cursor: cursor ?? { journal: '', next: 0 } };
  }

  /** @returns what the call returned; false if the partition was removed or cannot be read */
  #guarded(file: PartitionFile, findings: Findings, call: (partition: OpenPartition) => boolean): boolean {
    findings.at(file.name);
    try {
      const reader = this.#open.get(file.name) ?? new PartitionReader(this.#driver, file);
      this.#open.set(file.name, reader);
      const { state } = reader;
      return state === undefined ? false : call({ file, reader, state });
    } catch (error) {
      this.#close(file.name);
      if (error instanceof UnfinishedPartition) return false;
      // The partition was removed in the meantime, because its records are too old.
      if (!partitionFiles(this.#directory).some(({ name }) => name === file.name)) return false;
      if (!isCorrupt(error) && !(error instanceof ForeignPartition)) throw error;
      findings.damaged(file.name, errorText(error));
      return false;
    }
  }

  #close(name: string): void {
    this.#open.get(name)?.close();
    this.#open.delete(name);
  }
}

/** Checks the time range of the partition's records. */
function mayHave({ first, last, records }: PartitionState, { from, to }: Plan): boolean {
  if (records === 0) return false;
  if (from !== undefined && BigInt(last + 1) * 1_000_000n <= from) return false;
  return to === undefined || BigInt(first) * 1_000_000n < to;
}
