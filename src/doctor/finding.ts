/** A reason why records are not exported. */
export interface Finding {
  /** A fixed identifier, which docs/troubleshooting.md explains. */
  readonly cause: string;
  /** The observation. */
  readonly seen: string;
  /** Why it prevents bursts. */
  readonly why: string;
  /** How to fix it. */
  readonly remedy: string;
}
