import type { Repeat } from '../limit/index.ts';
import { type Evictions, noEvictions } from './counters.ts';

/** What started a burst. */
export type TriggerCause =
  | 'severity'
  | 'exception'
  | 'predicate'
  | 'span_error'
  | 'span_slow'
  | 'manual'
  /**
   * The process is ending because of a failure, or has ended and its records were recovered from a black box.
   */
  | 'crash';

/** Whether a burst of this cause requires held items. If so, a key without items gets no after-window. */
export function needsRecords(cause: TriggerCause): boolean {
  return cause === 'manual' || cause === 'crash';
}

/** The cause of a burst and its details. */
export interface Trigger {
  readonly cause: TriggerCause;
  /** The reason passed to `burst()`. */
  readonly reason?: string;
  /** The id of the span that failed or was slow. */
  readonly spanId?: string;
  /** Returns the error's fingerprint. Undefined for a crash or a manual call, which are not limited. */
  readonly fingerprint: (() => string) | undefined;
}

/** One release of held items, as described by its manifest. The counts grow until the manifest is sent. */
export class Burst<T> {
  readonly id: string;
  // Copied from the trigger. The trigger itself is not kept, because it references the record.
  readonly cause: TriggerCause;
  readonly reason: string | undefined;
  readonly spanId: string | undefined;
  /** The number of released items. */
  readonly released: number;
  /** Items of the burst's keys that were evicted since the previous burst. */
  readonly evicted: Evictions = noEvictions();
  /** Released items that were dropped by the byte bound before they were sent. */
  dropped = 0;
  /** Identifies the first released item, which provides resource and span context of the manifest. */
  readonly origin: T;
  /** The earliest and the latest time of the released items, in milliseconds since the epoch. */
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

  /**
   * Counts a released item.
   * @param time the item's time, NaN if it has none
   * @returns its position in the burst, from 1
   */
  count(time: number): number {
    if (time < this.firstTime) this.firstTime = time;
    if (time > this.lastTime) this.lastTime = time;
    this.#sequence += 1;
    return this.#sequence;
  }
}

/** The result of a trigger. `burst` is undefined if nothing was held or the limit did not admit the burst. */
export interface BurstOutcome<T> {
  readonly burst: Burst<T> | undefined;
  /** Set if the limit did not admit the burst. */
  readonly repeat: Repeat | undefined;
}

/** Returns the attributes to add to a trigger. */
export function triggerAttributes(
  { cause }: Trigger,
  burstId: string | undefined,
  repeat?: Repeat | undefined,
): BurstAttributes {
  return { burstId, sequence: 0, cause, repeat };
}

/** Returns the attributes to add to an item that passes in an after-window. */
export function passedAttributes(burstId: string | undefined): BurstAttributes | undefined {
  return burstId === undefined ? undefined : { burstId, sequence: 0, cause: undefined, repeat: undefined };
}

/** The attributes added to an item when it is sent. */
export interface BurstAttributes {
  /** The id of the item's burst; undefined on a trigger that released nothing. */
  readonly burstId: string | undefined;
  /** The position in the burst on released items, 0 on all others. */
  readonly sequence: number;
  /** Set on the trigger. */
  readonly cause: TriggerCause | undefined;
  /** Set on a trigger whose burst was not admitted. */
  readonly repeat: Repeat | undefined;
  /** The observer's number of a released item; undefined or 0 if it has none. */
  readonly number?: number;
}
