/**
 * The holding core again, without any of its means: no arena, no links, no tables by key, no turns. Two plain
 * lists say what is held and what is on its way out, and every question walks through them. The bounds and
 * rules are those of docs/burst.md.
 */
import { needsRecords, type Trigger } from '../../src/holding/burst.ts';
import type { CoreSettings } from '../../src/holding/burst-core.ts';
import { type EvictionCause, type Evictions, noEvictions } from '../../src/holding/counters.ts';
import type { Keys } from '../../src/holding/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

export interface Item {
  readonly id: string;
  readonly rank: number;
  /** The content of a manifest. */
  readonly shown?: Sent;
}

/** The relevant part of what the target received. */
export type Sent = readonly unknown[];

interface Held {
  readonly key: string;
  readonly item: Item;
  readonly size: number;
  readonly cameAt: number;
  readonly isLoud?: boolean;
}

interface Leaving {
  readonly rank: number;
  size: number;
  /** The manifest of a burst that is being moved to the queue. */
  isMoving?: boolean;
  readonly burst?: NaiveBurst;
  readonly sent: () => Sent;
}

interface NaiveBurst {
  readonly id: string;
  readonly cause: string;
  readonly released: number;
  readonly origin: string;
  readonly evicted: Evictions;
  readonly times: readonly number[];
  dropped: number;
}

interface Window {
  readonly burstId: string | undefined;
  readonly isNew: boolean;
  readonly until: number;
  left: number;
}

class Key {
  window: Window | undefined;
  burstAt: number | undefined;
  isSettled = false;
  evicted = noEvictions();
}

interface Recurrence {
  readonly fingerprint: string;
  readonly bursts: number[];
  readonly windows: number[];
  count: number;
  lastBurstId: string | undefined;
  limited: { bursts: number; records: number; origin: string; times: number[] } | undefined;
}

const KEY_BYTES = 600;
const MANIFEST_BYTES = 1_500;
const INFO = 9;
const TEN_MINUTES = 600_000;

export const shownBurst = (burst: Omit<NaiveBurst, 'times'>, first: number, last: number): Sent => {
  const { id, cause, released, origin, evicted, dropped } = burst;
  return ['manifest', id, cause, released, origin, dropped, { ...evicted }, first, last];
};

/** The common part of both orders: delivery, the limit, the byte bound. */
abstract class NaiveCore {
  readonly clock = new ManualClock();
  readonly sent: Sent[] = [];
  /** Ranks and sizes of the items that the target keeps, if it keeps any. */
  kept: { readonly rank: number; readonly size: number }[] = [];
  held: Held[] = [];
  protected queue: Leaving[] = [];
  readonly counts = { held: 0, released: 0, discarded: 0, passed: 0, live: 0, bursts: 0, joined: 0 };
  readonly evicted = noEvictions();
  dropped = 0;
  #tokens: number;
  #filledAt: number;
  readonly #errors = new Map<string, Recurrence>();
  #isReportDue = false;
  #isSweepDue = false;
  #isTurnComing = false;
  protected readonly settings: CoreSettings<Item>;
  readonly #keeps: boolean;
  readonly #sweepMillis: number;

  constructor(settings: CoreSettings<Item>, keeps: boolean, tooOldMillis: number) {
    this.settings = settings;
    this.#keeps = keeps;
    this.#sweepMillis =
      tooOldMillis === Number.POSITIVE_INFINITY
        ? tooOldMillis
        : Math.min(15_000, Math.max(10, tooOldMillis / 4));
    this.#tokens = settings.limit === false ? 0 : settings.limit.records;
    this.#filledAt = this.now;
  }

  get now(): number {
    return this.clock.monotonicNow();
  }

  get keep(): number {
    const { capacity, threshold } = this.settings.bounds;
    return Math.max(1, Math.floor(capacity * threshold));
  }

  abstract readonly keyCount: number;
  protected abstract readonly keyBytes: number;
  protected abstract forgetOldestKey(): boolean;
  protected abstract loseOldest(first: Held): void;
  protected abstract sweep(): boolean;
  protected abstract end(): void;
  /** A sent record passes at once, or behind queued ones. */
  protected abstract leave(item: Item, size: number, cameAt: number, ...added: unknown[]): void;

  get bytes(): number {
    const sum = (of: readonly { readonly size: number }[]) => of.reduce((all, { size }) => all + size, 0);
    return sum(this.held) + this.keyBytes + sum(this.queue) + sum(this.kept);
  }

  makeRoom(): void {
    const { maxBytes } = this.settings;
    while (this.bytes > maxBytes) {
      if (this.keyBytes > maxBytes / 4 && this.forgetOldestKey()) continue;
      this.finishMoving();
      const first = this.held.shift();
      if (first !== undefined) this.loseOldest(first);
      else if (this.queue.length > 0) this.#dropQuietest();
      else if (this.kept.length === 0) return;
      else this.kept.splice(quietest(this.kept), 1);
    }
  }

  #dropQuietest(): void {
    const [dropped] = this.queue.splice(quietest(this.queue), 1);
    this.dropped += 1;
    if (dropped?.burst !== undefined) dropped.burst.dropped += 1;
  }

  send(rank: number, size: number, sent: Sent): void {
    this.sent.push(sent);
    if (this.#keeps) this.kept.push({ rank, size });
  }

  /** Sends all released items. */
  flush(): void {
    this.#isTurnComing = false;
    this.finishMoving();
    for (const { rank, size, sent } of this.queue.splice(0)) this.send(rank, size, sent());
  }

  shutdown(): void {
    for (const error of this.#errors.values()) this.#report(error);
    this.end();
    this.flush();
  }

  /** The items that are returned when the process ends, instead of `shutdown()`. */
  unsent(): Sent[] {
    this.end();
    return this.queue.splice(0).map(({ sent }) => sent());
  }

  protected take(isTaken: (held: Held) => boolean): Held[] {
    const taken = new Set(this.held.filter(isTaken));
    this.held = this.held.filter((held) => !taken.has(held));
    return [...taken];
  }

  protected lose(cause: EvictionCause, count: number, of: Evictions | undefined): void {
    this.evicted[cause] += count;
    if (of !== undefined) of[cause] += count;
  }

  protected release(trigger: Trigger, items: readonly Held[], evicted: Evictions): NaiveBurst {
    this.counts.bursts += 1;
    this.counts.released += items.length;
    const times = items.map(({ cameAt }) => cameAt);
    const id = `burst ${this.counts.bursts}`;
    const { cause } = trigger;
    return { id, cause, released: items.length, origin: oldest(items), evicted, times, dropped: 0 };
  }

  protected queueReleased(burst: NaiveBurst, { item, size, cameAt }: Held, sequence: number): void {
    const sent = ['record', item.id, cameAt, burst.id, sequence, undefined, undefined];
    this.queue.push({ rank: item.rank, size, burst, sent: () => sent });
  }

  /** A long burst moves to the queue over several turns. Its manifest counts once it is in the queue. */
  protected queueManifest(burst: NaiveBurst, isMoving = false): void {
    const sent = () => shownBurst(burst, Math.min(...burst.times), Math.max(...burst.times));
    this.queue.push({ rank: INFO, size: 0, burst, sent, isMoving: true });
    if (!isMoving) this.finishMoving();
  }

  /** Whether a burst of this size moves over several turns, or waits for one that does. */
  protected isMoving(released: number): boolean {
    this.#isTurnComing ||= released > 8 * this.settings.replayBatch;
    return this.#isTurnComing;
  }

  protected finishMoving(): void {
    for (const manifest of this.queue.filter(({ isMoving }) => isMoving)) {
      this.counts.live += 1;
      manifest.size = MANIFEST_BYTES;
      manifest.isMoving = false;
    }
  }

  protected newWindow(burst: NaiveBurst | undefined, isNew: boolean): Window {
    const { after } = this.settings.bounds;
    return { burstId: burst?.id, isNew, until: this.now + after.millis, left: after.records };
  }

  protected isOpen(window: Window | undefined): boolean {
    return window !== undefined && window.left > 0 && this.now < window.until;
  }

  protected armSweep(): void {
    if (this.#isSweepDue || this.#sweepMillis === Number.POSITIVE_INFINITY) return;
    this.#isSweepDue = true;
    this.clock.after(this.#sweepMillis, () => {
      this.#isSweepDue = false;
      if (this.sweep()) this.armSweep();
    });
  }

  protected admit(
    trigger: Trigger,
    count: number,
  ): { isAdmitted: boolean; isNew: boolean; error?: Recurrence } {
    if (this.settings.limit === false || trigger.fingerprint === undefined) {
      return { isAdmitted: true, isNew: true };
    }
    const fingerprint = trigger.fingerprint();
    const known = this.#errors.get(fingerprint);
    const fresh = {
      fingerprint,
      bursts: [],
      windows: [],
      count: 0,
      lastBurstId: undefined,
      limited: undefined,
    };
    const error: Recurrence = known ?? fresh;
    // Reported in the order in which the errors were last seen.
    this.#errors.delete(fingerprint);
    this.#errors.set(fingerprint, error);
    error.count += 1;
    const times = count > 0 ? error.bursts : error.windows;
    const lately = times.filter((time) => this.now - time <= TEN_MINUTES);
    const isNew = lately.length < 3 || [10, 100, 1_000].includes(error.count);
    if (count === 0) times.push(this.now);
    return { isAdmitted: count === 0 || this.takeTokens(count, isNew), isNew, error };
  }

  protected noteBurst(error: Recurrence | undefined, burst: NaiveBurst): void {
    error?.bursts.push(this.now);
    if (error !== undefined) error.lastBurstId = burst.id;
  }

  protected noteLimited(error: Recurrence | undefined, count: number, origin: string): unknown {
    if (error === undefined) return undefined;
    error.limited ??= { bursts: 0, records: 0, origin, times: [] };
    error.limited.bursts += 1;
    error.limited.records += count;
    error.limited.times.push(this.clock.now());
    if (!this.#isReportDue) {
      this.#isReportDue = true;
      this.clock.after(60_000, () => {
        this.#isReportDue = false;
        for (const each of [...this.#errors.values()]) this.#report(each);
      });
    }
    return [error.fingerprint, error.count, error.lastBurstId];
  }

  protected takeTokens(count: number, isNew: boolean): boolean {
    const { limit } = this.settings;
    if (limit === false) return true;
    const came = ((this.now - this.#filledAt) * limit.records) / limit.millis;
    this.#tokens = Math.min(limit.records, this.#tokens + came);
    this.#filledAt = this.now;
    if (this.#tokens - count < (isNew ? 0 : limit.records * limit.reserve)) return false;
    this.#tokens -= count;
    return true;
  }

  #report(error: Recurrence): void {
    const { limited, fingerprint, count, lastBurstId } = error;
    if (limited === undefined) return;
    error.limited = undefined;
    const { bursts, records, origin, times } = limited;
    const span = [Math.min(...times), Math.max(...times)];
    const id = JSON.stringify(['summary', bursts, records, origin, ...span, fingerprint, count, lastBurstId]);
    this.pass({ id, rank: INFO }, MANIFEST_BYTES);
    this.makeRoom();
  }

  abstract pass(item: Item, size: number): void;
}

/** The first of the oldest items. */
const oldest = (of: readonly Held[]): string =>
  of.reduce((one, other) => (other.cameAt < one.cameAt ? other : one)).item.id;

const quietest = (of: readonly { readonly rank: number }[]): number =>
  of.reduce((best, { rank }, at) => (rank < of[best]!.rank ? at : best), 0);

/** Loud records at once, quiet ones by key. */
export class NaiveImmediate extends NaiveCore {
  readonly keys = new Map<string, Key>();
  /** In the order of their first burst. */
  #recent: string[] = [];

  get keyCount(): number {
    return this.keys.size;
  }

  protected get keyBytes(): number {
    return this.#recent.length * KEY_BYTES;
  }

  hold(name: string, item: Item, size: number): void {
    const key = this.#open(name);
    const { window } = key;
    if (window !== undefined && this.isOpen(window)) {
      if (this.takeTokens(1, window.isNew)) {
        window.left -= 1;
        this.counts.passed += 1;
        this.leave(item, size, this.now, window.burstId);
      } else {
        this.counts.held += 1;
        this.lose('limit', 1, key.evicted);
      }
      return;
    }
    this.counts.held += 1;
    if (window !== undefined && key.isSettled) {
      this.counts.discarded += 1;
      return;
    }
    key.window = undefined;
    if (size > this.settings.bounds.maxRecordBytes) return this.lose('size', 1, key.evicted);
    this.held.push({ key: name, item, size, cameAt: this.now });
    const count = this.#count(name);
    if (count <= this.settings.bounds.capacity) return;
    let left = count - this.keep;
    this.take((held) => held.key === name && left-- > 0);
    this.lose('capacity', count - this.keep, key.evicted);
  }

  oversized(name: string): void {
    this.counts.held += 1;
    this.lose('size', 1, this.#open(name).evicted);
  }

  pass(item: Item, size: number): void {
    this.counts.live += 1;
    this.leave(item, size, this.now);
  }

  trigger(name: string, item: Item, size: number, trigger: Trigger): void {
    const key = this.#open(name);
    key.isSettled = false;
    let added: unknown[];
    if (this.isOpen(key.window)) {
      this.counts.joined += 1;
      added = [key.window!.burstId, 0, trigger.cause];
    } else {
      const { burst, repeat } = this.#begin([name], trigger);
      added = [burst?.id, 0, trigger.cause, repeat];
    }
    this.counts.live += 1;
    this.leave(item, size, this.now, ...added);
  }

  burst(keys: Keys, trigger: Trigger): { id: string; released: number } | undefined {
    if (keys === 'all') this.finishMoving();
    if (keys !== 'all' && !needsRecords(trigger.cause)) for (const name of keys) this.#open(name);
    const names = this.#known(keys).filter((name) => {
      const isOpen = this.isOpen(this.keys.get(name)!.window);
      if (isOpen) this.counts.joined += 1;
      return !isOpen && (this.#count(name) > 0 || !needsRecords(trigger.cause));
    });
    return this.#begin(names, trigger).burst;
  }

  discard(keys: Keys): number {
    let count = 0;
    for (const name of this.#known(keys)) {
      count += this.#discard(name);
      this.#forgetIfBlank(name);
    }
    return count;
  }

  settle(name: string): void {
    const key = this.keys.get(name);
    if (key === undefined) return;
    this.#discard(name);
    if (key.burstAt !== undefined) {
      key.isSettled = true;
      key.window ??= { burstId: undefined, isNew: false, until: 0, left: 0 };
    }
    this.#forgetIfBlank(name);
  }

  reopen(name: string): void {
    const key = this.keys.get(name);
    if (key !== undefined) key.isSettled = false;
  }

  #begin(names: readonly string[], trigger: Trigger): { burst?: NaiveBurst; repeat?: unknown } {
    if (names.length === 0) return {};
    for (const name of names) {
      const aged = this.take((held) => held.key === name && this.#isAged(held));
      this.lose('age', aged.length, this.keys.get(name)!.evicted);
    }
    const mine = ({ key }: Held) => names.includes(key);
    const found = this.held.filter(mine);
    const { isAdmitted, isNew, error } = this.admit(trigger, found.length);
    let burst: NaiveBurst | undefined;
    if (found.length > 0) {
      const byKey = names.flatMap((name) => found.filter(({ key }) => key === name));
      const isAll = found.length === this.held.length;
      this.take(mine);
      if (!isAdmitted) {
        for (const { key } of found) this.lose('limit', 1, this.keys.get(key)!.evicted);
        return { repeat: this.noteLimited(error, found.length, oldest(byKey)) };
      }
      const evicted = noEvictions();
      for (const name of names) {
        const key = this.keys.get(name)!;
        for (const cause of Object.keys(evicted) as EvictionCause[]) evicted[cause] += key.evicted[cause];
        key.evicted = noEvictions();
      }
      burst = this.release(trigger, byKey, evicted);
      this.noteBurst(error, burst);
      const inOrder = isAll ? found : byKey;
      const isMoving = names.length === 1 && this.isMoving(found.length);
      if (names.length > 1) this.finishMoving();
      for (const [index, held] of inOrder.entries()) this.queueReleased(burst, held, index + 1);
      this.queueManifest(burst, isMoving);
    }
    for (const name of names) {
      const key = this.keys.get(name)!;
      key.window = this.newWindow(burst, isNew);
      if (key.burstAt === undefined) this.#recent.push(name);
      key.burstAt = this.now;
    }
    return burst === undefined ? {} : { burst };
  }

  protected leave(item: Item, size: number, cameAt: number, burstId?: unknown, ...added: unknown[]): void {
    const [sequence = 0, cause, repeat] = added;
    this.send(item.rank, size, ['record', item.id, cameAt, burstId, sequence, cause, repeat]);
  }

  protected loseOldest({ key }: Held): void {
    this.lose('bytes', 1, this.keys.get(key)!.evicted);
  }

  protected forgetOldestKey(): boolean {
    const [first] = this.#recent;
    if (first === undefined) return false;
    this.#forgetBurst(first);
    return true;
  }

  protected sweep(): boolean {
    this.finishMoving();
    for (const { key } of this.take((held) => this.#isAged(held))) {
      this.lose('age', 1, this.keys.get(key)!.evicted);
    }
    const { idleMillis } = this.settings.bounds;
    for (const [name, key] of [...this.keys]) {
      if (this.settings.isOpen(name)) continue;
      const last = this.held.findLast((held) => held.key === name);
      if (name !== '' && last !== undefined && this.now - last.cameAt > idleMillis) {
        this.lose('idle', this.take((held) => held.key === name).length, key.evicted);
      }
      const isOld = key.burstAt !== undefined && this.now - key.burstAt > idleMillis;
      if (isOld && !this.isOpen(key.window)) this.#forgetBurst(name);
      this.#forgetIfBlank(name);
    }
    return this.keys.size > 0;
  }

  protected end(): void {
    this.finishMoving();
    this.lose('shutdown', this.held.splice(0).length, undefined);
    this.keys.clear();
    this.#recent = [];
  }

  #open(name: string): Key {
    let key = this.keys.get(name);
    if (key === undefined) {
      this.armSweep();
      key = new Key();
      this.keys.set(name, key);
    }
    return key;
  }

  #known(keys: Keys): string[] {
    const all = [...this.keys.keys()];
    return keys === 'all' ? all : [...new Set(keys)].filter((name) => this.keys.has(name));
  }

  #count(name: string): number {
    return this.held.filter(({ key }) => key === name).length;
  }

  #isAged({ cameAt }: Held): boolean {
    return this.now - cameAt > this.settings.bounds.maxAgeMillis;
  }

  #discard(name: string): number {
    const { length } = this.take(({ key }) => key === name);
    this.counts.discarded += length;
    return length;
  }

  #forgetBurst(name: string): void {
    const key = this.keys.get(name)!;
    key.burstAt = undefined;
    key.window = undefined;
    this.#recent = this.#recent.filter((recent) => recent !== name);
    this.#forgetIfBlank(name);
  }

  #forgetIfBlank(name: string): void {
    const key = this.keys.get(name);
    if (key?.burstAt === undefined && this.#count(name) === 0) this.keys.delete(name);
  }
}

/** One queue: no item overtakes another. */
export class NaiveChronological extends NaiveCore {
  #window: Window | undefined;
  #evicted = noEvictions();
  #isDelayDue = false;

  get keyCount(): number {
    return this.held.some(({ isLoud }) => isLoud !== true) ? 1 : 0;
  }

  protected readonly keyBytes = 0;

  hold(_key: string, item: Item, size: number): void {
    if (this.#isPassing()) {
      const window = this.#window!;
      if (this.takeTokens(1, window.isNew)) {
        window.left -= 1;
        this.counts.passed += 1;
        this.leave(item, size, this.now, window.burstId);
      } else {
        this.counts.held += 1;
        this.lose('limit', 1, this.#evicted);
      }
      return;
    }
    this.counts.held += 1;
    if (size > this.settings.bounds.maxRecordBytes) return this.lose('size', 1, this.#evicted);
    this.#add({ key: '', item, size, cameAt: this.now });
    this.armSweep();
  }

  oversized(): void {
    this.counts.held += 1;
    this.lose('size', 1, this.#evicted);
  }

  pass(item: Item, size: number): void {
    this.counts.live += 1;
    if (this.#isPassing()) return this.leave(item, size, this.now);
    this.#add({ key: '', item, size, cameAt: this.now, isLoud: true });
    this.#armDelay();
  }

  trigger(_key: string, item: Item, size: number, trigger: Trigger): void {
    this.counts.live += 1;
    if (this.#isPassing()) {
      this.counts.joined += 1;
      return this.leave(item, size, this.now, this.#window!.burstId, trigger.cause);
    }
    const { burst, repeat } = this.#begin(trigger);
    this.leave(item, size, this.now, burst?.id, trigger.cause, repeat);
    if (burst !== undefined) this.queueManifest(burst);
  }

  burst(_keys: Keys, trigger: Trigger): { id: string; released: number } | undefined {
    if (this.#isPassing()) {
      this.counts.joined += 1;
      return undefined;
    }
    const { burst } = this.#begin(trigger);
    if (burst !== undefined) this.queueManifest(burst);
    return burst;
  }

  discard(keys: Keys): number {
    if (keys !== 'all' && !keys.includes('')) return 0;
    const { length } = this.take(({ isLoud }) => isLoud !== true);
    this.counts.discarded += length;
    return length;
  }

  settle(): void {}
  reopen(): void {}

  override flush(): void {
    this.#leaveUntil(this.held.findLastIndex(({ isLoud }) => isLoud === true));
    super.flush();
  }

  #begin(trigger: Trigger): { burst?: NaiveBurst; repeat?: unknown } {
    this.#evictAged();
    const quiet = this.held.filter(({ isLoud }) => isLoud !== true);
    const { isAdmitted, isNew, error } = this.admit(trigger, quiet.length);
    let burst: NaiveBurst | undefined;
    let repeat: unknown;
    if (quiet.length > 0 && isAdmitted) {
      burst = this.release(trigger, quiet, this.#evicted);
      this.noteBurst(error, burst);
      this.#evicted = noEvictions();
    } else if (quiet.length > 0) {
      this.lose('limit', this.take(({ isLoud }) => isLoud !== true).length, this.#evicted);
      repeat = this.noteLimited(error, quiet.length, quiet[0]!.item.id);
    }
    let sequence = 0;
    for (const held of this.held.splice(0)) {
      if (held.isLoud === true) this.leave(held.item, held.size, held.cameAt);
      else this.queueReleased(burst!, held, ++sequence);
    }
    if (isAdmitted && (burst !== undefined || !needsRecords(trigger.cause))) {
      this.#window = this.newWindow(burst, isNew);
    }
    return burst === undefined ? { repeat } : { burst, repeat };
  }

  protected leave(item: Item, size: number, cameAt: number, ...added: unknown[]): void {
    const [burstId, cause, repeat] = added;
    const sent = ['record', item.id, cameAt, burstId, 0, cause, repeat];
    this.queue.push({ rank: item.rank, size, sent: () => sent });
  }

  protected loseOldest({ isLoud, item, size, cameAt }: Held): void {
    if (isLoud === true) this.leave(item, size, cameAt);
    else this.lose('bytes', 1, this.#evicted);
  }

  protected forgetOldestKey(): boolean {
    return false;
  }

  protected sweep(): boolean {
    this.#evictAged();
    return this.held.some(({ isLoud }) => isLoud !== true);
  }

  protected end(): void {
    this.#leaveUntil(this.held.findLastIndex(({ isLoud }) => isLoud === true));
    this.lose('shutdown', this.held.splice(0).length, undefined);
  }

  #isPassing(): boolean {
    if (!this.isOpen(this.#window)) this.#window = undefined;
    return this.#window !== undefined;
  }

  #add(held: Held): void {
    this.held.push(held);
    if (this.held.length <= this.settings.bounds.capacity) return;
    for (const { isLoud, item, size, cameAt } of this.held.splice(0, this.held.length - this.keep)) {
      if (isLoud === true) this.leave(item, size, cameAt);
      else this.lose('capacity', 1, this.#evicted);
    }
  }

  /** Sends loud items up to this index; quiet ones before them are discarded. */
  #leaveUntil(last: number): void {
    for (const { isLoud, item, size, cameAt } of this.held.splice(0, last + 1)) {
      if (isLoud === true) this.leave(item, size, cameAt);
      else this.counts.discarded += 1;
    }
  }

  #evictAged(): void {
    const { maxAgeMillis } = this.settings.bounds;
    const isAged = (held: Held) => held.isLoud !== true && this.now - held.cameAt > maxAgeMillis;
    this.lose('age', this.take(isAged).length, this.#evicted);
  }

  #armDelay(): void {
    const { maxDelayMillis } = this.settings.bounds;
    const first = this.held.find(({ isLoud }) => isLoud === true);
    if (this.#isDelayDue || first === undefined || maxDelayMillis === Number.POSITIVE_INFINITY) return;
    this.#isDelayDue = true;
    this.clock.after(first.cameAt + maxDelayMillis - this.now, () => {
      this.#isDelayDue = false;
      const due = this.now - maxDelayMillis;
      this.#leaveUntil(this.held.findLastIndex(({ isLoud, cameAt }) => isLoud === true && cameAt <= due));
      this.#armDelay();
    });
  }
}
