/** How a task ended. The values are those of the attribute `task.outcome`. */
export type Outcome = 'succeeded' | 'failed' | 'cancelled' | 'abandoned';

/** Of two outcomes the higher one stands: a failure is not taken back. */
export const OUTCOME_RANK: Readonly<Record<Outcome, number>> = {
  abandoned: 0,
  succeeded: 1,
  cancelled: 2,
  failed: 3,
};

/** What was said about the end, before the end. */
export interface Verdict {
  readonly outcome: Outcome;
  /** What was said, formatted; undefined: nothing. */
  readonly message: string | undefined;
  /** The application said so itself, by `success()`. */
  readonly vouched?: boolean | undefined;
  /** What was thrown or given to `fail()`. */
  readonly failure?: { readonly error: unknown } | undefined;
}
