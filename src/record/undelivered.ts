import type { ReadableLogRecordLike } from './otel.ts';

/**
 * The method that returns a component's undelivered records when the process ends: records that are queued,
 * that are being exported, and that `shutdown()` could not export. A registered symbol, because a process may
 * contain both the ES and the CommonJS build of this package.
 */
export const UNDELIVERED: unique symbol = Symbol.for('burstlog.undelivered');

/** A component that may have undelivered records. */
export interface Undelivered {
  /** Removes and returns the undelivered records. They are not exported any more. Never throws. */
  [UNDELIVERED](): readonly ReadableLogRecordLike[];
}

/** Returns the undelivered records of a component, or an empty array if it does not support this. */
export function undeliveredOf(component: unknown): readonly ReadableLogRecordLike[] {
  return (component as Partial<Undelivered> | undefined)?.[UNDELIVERED]?.() ?? [];
}
