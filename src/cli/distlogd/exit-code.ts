/** Exit codes of the programs, after sysexits(3). */
export const ExitCode = {
  OK: 0,
  FAILED: 1,
  /** The command line is wrong. */
  USAGE: 64,
  /** The daemon does not answer. */
  UNAVAILABLE: 69,
  /** A fault of ours. */
  SOFTWARE: 70,
  /** A file or directory cannot be made or is in use. */
  CANNOT_CREATE: 73,
  /** The configuration is wrong. */
  CONFIG: 78,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
