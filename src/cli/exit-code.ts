/** Exit codes of both programs, after sysexits(3). */
export const ExitCode = {
  OK: 0,
  FAILED: 1,
  /** The command line is wrong. */
  USAGE: 64,
  /** The input holds no record that can be read, or none that was asked for. */
  NO_DATA: 65,
  /** A file is not there, or cannot be opened. */
  NO_INPUT: 66,
  /** The daemon does not answer. */
  UNAVAILABLE: 69,
  /** A defect of the program. */
  SOFTWARE: 70,
  /** A file or directory cannot be made or is in use. */
  CANNOT_CREATE: 73,
  /** The standard output cannot be written. */
  OUTPUT: 74,
  /** The server wants another token. */
  REFUSED: 77,
  /** The configuration is wrong. */
  CONFIG: 78,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Ends a command. The message is printed, after the names of program and command. */
export interface CommandError extends Error {
  readonly exitCode: ExitCode;
}

export function commandError(exitCode: ExitCode, message: string): CommandError {
  return Object.assign(new Error(message), { exitCode });
}

/** The command line is wrong: the message says what, and what would be right. */
export function usageError(message: string): CommandError {
  return commandError(ExitCode.USAGE, message);
}

/** @returns undefined if a command did not throw it */
export function exitCodeOf(error: unknown): ExitCode | undefined {
  const { exitCode } = (error ?? {}) as Partial<CommandError>;
  return typeof exitCode === 'number' ? exitCode : undefined;
}
