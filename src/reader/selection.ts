import type { DecodedLogRecord, LogGroup } from '../otlp/index.ts';
import { timeOf } from './record-filter.ts';

interface Kept {
  readonly time: bigint;
  /** Which record it was, by the order in which they came. */
  readonly number: number;
  readonly record: DecodedLogRecord;
  readonly group: LogGroup;
}

/** So many records above the limit are kept before they are sorted. */
const SLACK = 4_096;

/** The newest or the oldest records of all that come, whatever their order. Holds twice the limit at most. */
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

  /** How many records came. */
  get count(): number {
    return this.#count;
  }

  /** There were more records than the limit. */
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

  /** In order; neighbors of one resource and scope together. */
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
