/** What the receivers need of the rest of the daemon: the small parts of its contract, as structural types. */

/** A batch as a receiver hands it in. */
export interface BatchLike {
  readonly body: Uint8Array;
  readonly records: number;
  readonly origin?: OriginLike | undefined;
}

/** The place of a batch in what one exporter instance sends. */
export interface OriginLike {
  readonly producer: Uint8Array;
  readonly seq: number;
  readonly prev: number;
}

/** What became of a batch. Only `accepted` and `duplicate` are acknowledged. */
export type AcceptedLike =
  | { readonly kind: 'accepted'; readonly index: number }
  | { readonly kind: 'duplicate'; readonly last: number }
  | { readonly kind: 'gap'; readonly last: number }
  | { readonly kind: 'full'; readonly retryAfterMillis: number };

/** Where batches go. `append` resolves when the batch is on the disk, in the order of the calls. */
export interface IntakeLike {
  readonly id: Uint8Array;
  lastSeq(producer: Uint8Array): number;
  append(batch: BatchLike): Promise<AcceptedLike>;
}

/** What a receiver has counted. */
export interface CountersLike {
  batches: number;
  records: number;
  bytes: number;
  duplicates: number;
  readonly refused: Map<string, number>;
  readonly dropped: Map<string, number>;
}

/** Counters that begin at nothing. */
export function newCounters(): CountersLike {
  return { batches: 0, records: 0, bytes: 0, duplicates: 0, refused: new Map(), dropped: new Map() };
}

/** Counts by cause. */
export function count(counts: Map<string, number>, cause: string, by = 1): void {
  counts.set(cause, (counts.get(cause) ?? 0) + by);
}

/** The one word for counters of an error of the wire room. Others are `malformed`. */
export function causeOf(error: unknown): string {
  const { malformed, cause } = (error ?? {}) as { readonly malformed?: unknown; readonly cause?: unknown };
  return malformed === true && typeof cause === 'string' ? cause : 'malformed';
}
