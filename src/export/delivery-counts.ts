import type { RateLimitedWarnings } from '../record/index.ts';

/** Why a record was not delivered. */
export type DeliveryFailure = 'queue_full' | 'size' | 'export' | 'timeout' | 'unserializable' | 'shutdown';

/** The number of records by outcome: received = delivered + failed + pending. */
export interface DeliveryStats {
  /** Records that were received. */
  readonly received: number;
  /** Records accepted by the exporter. */
  readonly delivered: number;
  /** Records that were lost, by cause. */
  readonly failed: Readonly<Record<DeliveryFailure, number>>;
  /** Records that are queued or being exported. */
  readonly pending: number;
  /** Estimated size of pending records in bytes. */
  readonly pendingBytes: number;
}

/** Counts records by outcome, and logs a warning for each loss. */
export class DeliveryCounts {
  readonly #warnings: RateLimitedWarnings;
  readonly failed: Record<DeliveryFailure, number> = {
    queue_full: 0,
    size: 0,
    export: 0,
    timeout: 0,
    unserializable: 0,
    shutdown: 0,
  };
  received = 0;
  delivered = 0;

  constructor(warnings: RateLimitedWarnings) {
    this.#warnings = warnings;
  }

  fail(cause: DeliveryFailure, count: number, why: string): void {
    if (count === 0) return;
    this.failed[cause] += count;
    const records = count === 1 ? '1 record was' : `${count} records were`;
    this.#warnings.warn(cause, `${records} lost (${cause}): ${why}`);
  }
}
