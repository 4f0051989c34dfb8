import type { Repeat } from '../limit/index.ts';
import { type Evictions, noEvictions } from './counters.ts';

/** What can begin a burst. */
export type TriggerCause =
  | 'severity'
  | 'exception'
  | 'predicate'
  | 'span_error'
  | 'span_slow'
  | 'manual'
  /** The process ends by a failure, or has ended: then a black box held the records. */
  | 'crash';

/** Whether a burst is only about what it releases: it then opens no window for a key that holds nothing. */
export function needsRecords(cause: TriggerCause): boolean {
  return cause === 'manual' || cause === 'crash';
}

/** Why a burst began, and what is known of it. */
export interface Trigger {
  readonly cause: TriggerCause;
  /** Given by the caller of `burst()`. */
  readonly reason?: string;
  /** The span that failed or was slow. */
  readonly spanId?: string;
  /** Says what error it is. Undefined for a crash or a manual call: the limit does not apply to them. */
  readonly fingerprint: (() => string) | undefined;
}

/** One release of held items, as its manifest describes it. The counts grow until the manifest leaves. */
export class Burst<T> {
  readonly id: string;
  // Of the trigger; itself it holds on to the record.
  readonly cause: TriggerCause;
  readonly reason: string | undefined;
  readonly spanId: string | undefined;
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
    this.cause = trigger.cause;
    this.reason = trigger.reason;
    this.spanId = trigger.spanId;
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

/** What a trigger began: a burst, or none, since nothing was held or the limit did not admit it. */
export interface Beginning<T> {
  readonly burst: Burst<T> | undefined;
  /** Set if the limit did not admit the burst. */
  readonly repeat: Repeat | undefined;
}

/** What is added to a trigger. */
export function triggerAttributes(
  { cause }: Trigger,
  burstId: string | undefined,
  repeat?: Repeat | undefined,
): BurstAttributes {
  return { burstId, sequence: 0, cause, repeat };
}

/** What is added to an item that passes after a burst. */
export function passedAttributes(burstId: string | undefined): BurstAttributes | undefined {
  return burstId === undefined ? undefined : { burstId, sequence: 0, cause: undefined, repeat: undefined };
}

/** What is added to an item when it leaves. */
export interface BurstAttributes {
  /** The burst it belongs to; undefined on a trigger that released nothing. */
  readonly burstId: string | undefined;
  /** Place in the burst, on released items; 0 on others. */
  readonly sequence: number;
  /** On the trigger. */
  readonly cause: TriggerCause | undefined;
  /** On a trigger whose burst did not leave. */
  readonly repeat: Repeat | undefined;
  /** By which an observer knows a released item; not set, or 0: it does not. */
  readonly number?: number;
}
