import type { Burst } from '../../src/holding/burst.ts';
import type { Target } from '../../src/holding/index.ts';
import type { Limited, Recurrence } from '../../src/limit/index.ts';
import { type Item, type Sent, shownBurst } from './naive-core.ts';

const shownLimited = (limited: Limited<Item>, error: Recurrence<Item> | undefined) => {
  const { bursts, records, origin, firstTime, lastTime } = limited;
  return [
    bursts,
    records,
    origin.id,
    firstTime,
    lastTime,
    error?.fingerprint,
    error?.count,
    error?.lastBurstId,
  ];
};

/** A target that lists the items it received. */
export class ListingTarget implements Target<Item> {
  readonly sent: Sent[] = [];
  kept: { readonly rank: number; readonly size: number }[] = [];
  readonly keeps: boolean;
  /** How often it was flushed. */
  flushes = 0;
  /** The promise that a flush awaits. */
  flushed: Promise<void> = Promise.resolve();
  /** The dropped items, which may be reused at once. */
  readonly dropped = new Set<string>();
  #delivered = 0;
  #failed = 0;
  readonly items = {
    dropped: ({ id }: Item) => {
      if (this.dropped.has(id)) throw new Error(`${id} was dropped twice`);
      this.dropped.add(id);
    },
    rankOf: ({ rank }: Item) => rank,
    timeOf: (_: Item, cameAt: number) => cameAt,
    originOf: (item: Item) => item,
    manifestOf: (burst: Burst<Item>): Item => {
      const shown = shownBurst({ ...burst, origin: burst.origin.id }, burst.firstTime, burst.lastTime);
      return { id: 'manifest', rank: 9, shown };
    },
    summaryOf: (limited: Limited<Item>, error: Recurrence<Item> | undefined): Item => ({
      id: JSON.stringify(['summary', ...shownLimited(limited, error)]),
      rank: 9,
    }),
  };

  constructor(keeps = false) {
    this.keeps = keeps;
  }

  get bytes(): number {
    return this.kept.reduce((sum, { size }) => sum + size, 0);
  }

  send(
    item: Item,
    size: number,
    added: Parameters<Target<Item>['send']>[2],
    _: unknown,
    cameAt: number,
  ): void {
    if (this.dropped.has(item.id)) throw new Error(`${item.id} was sent after it was dropped`);
    this.sent.push(shownItem(item, added, cameAt));
    if (this.keeps) this.kept.push({ rank: item.rank, size });
    else this.#delivered += 1;
  }

  dropQuietest(): boolean {
    if (this.kept.length === 0) return false;
    const least = Math.min(...this.kept.map(({ rank }) => rank));
    this.kept.splice(
      this.kept.findIndex(({ rank }) => rank === least),
      1,
    );
    this.#failed += 1;
    return true;
  }

  deliver(): void {
    this.#delivered += this.kept.splice(0).length;
  }

  wake(): void {}
  flush(): Promise<void> {
    this.flushes += 1;
    return this.flushed;
  }
  async shutdown(): Promise<void> {}
  undelivered(): [] {
    return [];
  }
  counts() {
    return { delivered: this.#delivered, failed: { queue_full: this.#failed }, pending: this.kept.length };
  }
}

export function shownItem(item: Item, added: Parameters<Target<Item>['send']>[2], cameAt: number): Sent {
  if (item.shown !== undefined) return item.shown;
  const { repeat } = added ?? {};
  const shownRepeat = repeat && [repeat.fingerprint, repeat.count, repeat.lastBurstId];
  return ['record', item.id, cameAt, added?.burstId, added?.sequence ?? 0, added?.cause, shownRepeat];
}
