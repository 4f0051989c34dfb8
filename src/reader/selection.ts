import type { DecodedLogRecord, LogGroup } from '../otlp/index.ts';
import { timeOf } from './record-filter.ts';

interface Kept {
  readonly time: bigint;
  /** The number of the record in order of arrival. */
  readonly number: number;
  readonly record: DecodedLogRecord;
  readonly group: LogGroup;
}

/** Number of records above the limit that are kept before they are sorted. */
const SLACK = 4_096;

/**
 * Selects the newest or the oldest of all records, in any order of arrival. Keeps at most about twice the
 * limit.
 */
export class Selection {
  readonly #limit: number;
  readonly #compare: (one: Kept, other: Kept) => number;
  #kept: Kept[] = [];
  #count = 0;

  constructor(limit: number, order: 'newest' | 'oldest') {
    this.#limit = limit;
    const sign = order === 'newest' ? -1 : 1;
    this.#compare = (one, other) =>
      sign * (one.time === other.time ? one.number - other.number : one.time < other.time ? -1 : 1);
  }

  /** Number of records added. */
  get count(): number {
    return this.#count;
  }

  /** Whether more records than the limit were added. */
  get hasMore(): boolean {
    return this.#count > this.#limit;
  }

  add(group: LogGroup): void {
    for (const record of group.records) {
      this.#count += 1;
      this.#kept.push({ time: timeOf(record), number: this.#count, record, group });
    }
    if (this.#kept.length > 2 * this.#limit + SLACK) this.#cut();
  }

  /** The selected records in order; adjacent records of one resource and scope form a group. */
  *groups(): Generator<LogGroup> {
    this.#cut();
    for (let from = 0; from < this.#kept.length; ) {
      const { resource, scope } = this.#kept[from]!.group;
      let to = from + 1;
      while (this.#isOf(to, resource, scope)) to += 1;
      yield { resource, scope, records: this.#kept.slice(from, to).map(({ record }) => record) };
      from = to;
    }
  }

  #isOf(at: number, resource: LogGroup['resource'], scope: LogGroup['scope']): boolean {
    const group = this.#kept[at]?.group;
    return group !== undefined && group.resource === resource && group.scope === scope;
  }

  #cut(): void {
    this.#kept.sort(this.#compare);
    if (this.#kept.length > this.#limit) this.#kept.length = this.#limit;
  }
}
