/** The exit codes of both programs, after sysexits(3). */
export const ExitCode = {
  OK: 0,
  FAILED: 1,
  /** The command line is invalid. */
  USAGE: 64,
  /** The input contains no readable record, or none that matches. */
  NO_DATA: 65,
  /** A file does not exist or cannot be opened. */
  NO_INPUT: 66,
  /** The daemon does not respond. */
  UNAVAILABLE: 69,
  /** A defect of the program. */
  SOFTWARE: 70,
  /** A file or directory cannot be created or is in use. */
  CANNOT_CREATE: 73,
  /** Standard output cannot be written to. */
  OUTPUT: 74,
  /** The server rejected the token. */
  REFUSED: 77,
  /** The configuration is invalid. */
  CONFIG: 78,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Ends a command. The message is printed after the names of the program and the command. */
export interface CommandError extends Error {
  readonly exitCode: ExitCode;
}

export function commandError(exitCode: ExitCode, message: string): CommandError {
  return Object.assign(new Error(message), { exitCode });
}

/** Reports an invalid command line; the message says what is wrong and what is expected. */
export function usageError(message: string): CommandError {
  return commandError(ExitCode.USAGE, message);
}

/** @returns undefined if the error is no CommandError */
export function exitCodeOf(error: unknown): ExitCode | undefined {
  const { exitCode } = (error ?? {}) as Partial<CommandError>;
  return typeof exitCode === 'number' ? exitCode : undefined;
}
