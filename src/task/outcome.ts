/** How a task ended. The values are those of the attribute `task.outcome`. */
export type TaskOutcome = 'succeeded' | 'failed' | 'cancelled' | 'abandoned';

/** Of two outcomes the one with the higher rank counts: a failure is not taken back. */
export const OUTCOME_RANK: Readonly<Record<TaskOutcome, number>> = {
  abandoned: 0,
  succeeded: 1,
  cancelled: 2,
  failed: 3,
};

/** The outcome that the application reported before the end. */
export interface Verdict {
  readonly outcome: TaskOutcome;
  /** The message of the application, formatted; undefined: none. */
  readonly message: string | undefined;
  /** The application called `success()`. */
  readonly confirmed?: boolean | undefined;
  /** What was thrown, or passed to `fail()`. */
  readonly failure?: { readonly error: unknown } | undefined;
}
