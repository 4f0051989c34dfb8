/** How the process was, about once a second. Sizes in bytes. */
export interface VitalSigns {
  /** Milliseconds since 1970. */
  readonly atMillis: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly heapLimit: number;
  /** Of the control group, where there is one. */
  readonly memoryUsed?: number | undefined;
  readonly memoryLimit?: number | undefined;
  /** By how much the event loop was late. */
  readonly loopDelayMillis: number;
  /** Records held. */
  readonly holding: number;
}

/** What was known of the end when it came. */
export interface LastWords {
  readonly atMillis: number;
  /** `uncaught exception: RangeError: too far`, `signal SIGTERM`, `exit code 3`, `the event loop hangs`. */
  readonly text: string;
  readonly isFailure: boolean;
  readonly stack?: string | undefined;
}
