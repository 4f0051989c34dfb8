/** Why records are not seen. */
export interface Finding {
  /** A fixed word for the cause, which docs/troubleshooting.md explains. */
  readonly cause: string;
  /** What was found in the process. */
  readonly seen: string;
  /** Why that hides bursts. */
  readonly why: string;
  /** What to do. */
  readonly remedy: string;
}
