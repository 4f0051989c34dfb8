import { type Evictions, noEvictions } from './accounts.ts';

/** What can begin a burst. */
export type TriggerCause = 'severity' | 'exception' | 'predicate' | 'span_error' | 'span_slow' | 'manual';

/** Why a burst began, and what is known of it. */
export interface Trigger {
  readonly cause: TriggerCause;
  /** Given by the caller of `burst()`. */
  readonly reason?: string;
  /** The span that failed or was slow. */
  readonly spanId?: string;
  /** A crash or a call by hand: the limit does not apply. */
  readonly unlimited?: boolean;
}

/** One release of held items: what its manifest tells. The counts grow until the manifest leaves. */
export class Burst<T> {
  readonly id: string;
  readonly trigger: Trigger;
  /** How many items it releases. */
  readonly released: number;
  /** Lost from the keys of this burst since their last one. */
  readonly evicted: Evictions = noEvictions();
  /** Released, but taken by the byte bound before they were handed on. */
  dropped = 0;
  /** What stands for the first item released: resource and span context of the manifest are its. */
  readonly origin: T;
  /** The earliest and the latest time of what it releases, milliseconds since the epoch. */
  firstTime = Number.POSITIVE_INFINITY;
  lastTime = Number.NEGATIVE_INFINITY;

  #sequence = 0;

  constructor(id: string, trigger: Trigger, origin: T, released: number) {
    this.id = id;
    this.trigger = trigger;
    this.origin = origin;
    this.released = released;
  }

  /** Notes that an item of this time leaves; NaN if it has none. @returns its place in the burst, from 1 */
  count(time: number): number {
    if (time < this.firstTime) this.firstTime = time;
    if (time > this.lastTime) this.lastTime = time;
    this.#sequence += 1;
    return this.#sequence;
  }
}

/** What is added to an item when it leaves. */
export interface Mark<T> {
  readonly burst: Burst<T>;
  /** Place in the burst, on released items. */
  readonly sequence?: number;
  /** On the trigger. */
  readonly cause?: TriggerCause;
}
