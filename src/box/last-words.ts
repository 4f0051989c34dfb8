/** The state of the process, sampled about once a second. Sizes in bytes. */
export interface VitalSigns {
  /** Milliseconds since 1970. */
  readonly atMillis: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly heapLimit: number;
  /** Memory of the control group, if there is one. */
  readonly memoryUsed?: number | undefined;
  readonly memoryLimit?: number | undefined;
  /** How late the event loop was. */
  readonly loopDelayMillis: number;
  /** Number of held records. */
  readonly holding: number;
}

/** How the process ended, as far as it was known at that time. */
export interface LastWords {
  readonly atMillis: number;
  /** `uncaught exception: RangeError: too far`, `signal SIGTERM`, `exit code 3`, `the event loop hangs`. */
  readonly text: string;
  readonly isFailure: boolean;
  readonly stack?: string | undefined;
}
