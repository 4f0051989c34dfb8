/** The outcome of a task. The values are those of the attribute `task.outcome`. */
export type TaskOutcome = 'succeeded' | 'failed' | 'cancelled' | 'abandoned';

/** The outcome with the higher rank takes precedence, so that a failure cannot be revoked. */
export const OUTCOME_RANK: Readonly<Record<TaskOutcome, number>> = {
  abandoned: 0,
  succeeded: 1,
  cancelled: 2,
  failed: 3,
};

/** The outcome that the application reported before the end. */
export interface Verdict {
  readonly outcome: TaskOutcome;
  /** The formatted message of the application, if there is one. */
  readonly message: string | undefined;
  /** Whether the application called `success()`. */
  readonly confirmed?: boolean | undefined;
  /** The error that was thrown, or passed to `fail()`. */
  readonly failure?: { readonly error: unknown } | undefined;
}
