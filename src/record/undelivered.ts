import type { ReadableLogRecordLike } from './otel.ts';

/**
 * The method by which a component gives away, when the process ends, what it has not delivered: what waits, what
 * is being exported, and what `shutdown()` could not export. A symbol of the registry: the ES and the CommonJS
 * build of this package may meet.
 */
export const UNDELIVERED: unique symbol = Symbol.for('burstlog.undelivered');

/** What may have records that nobody has got. */
export interface Undelivered {
  /** Never throws. What was given away is not exported any more, and is not given a second time. */
  [UNDELIVERED](): readonly ReadableLogRecordLike[];
}

/** @returns nothing if it is no such component */
export function undeliveredOf(component: unknown): readonly ReadableLogRecordLike[] {
  return (component as Partial<Undelivered> | undefined)?.[UNDELIVERED]?.() ?? [];
}
