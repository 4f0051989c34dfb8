import type { ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import type { Parts } from './parts.ts';

/** An option of a command line; all have a long name, and a value or none. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** What stands for its value in the help: `FILE`. */
  readonly value?: string;
  readonly help: string;
}

/** What the user gave, checked against the command's options. */
export interface Given {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly words: readonly string[];
}

export interface Command {
  readonly name: string;
  /** A sentence for the list of commands. */
  readonly summary: string;
  /** What else the help says, lines of text. */
  readonly details: readonly string[];
  /** Words behind the name, for the usage line: `list | replay SINK`. */
  readonly words?: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  run(given: Given, io: Io, parts: Parts): Promise<ExitCode>;
}

/** The command line is wrong in a way that only the command itself knows. */
export interface UsageError extends Error {
  readonly usage: true;
}

export function usageError(message: string): UsageError {
  return Object.assign(new Error(message), { usage: true as const });
}

/** Options that every command with a configuration has. */
export const configOptions: Readonly<Record<'config' | 'data', CommandOption>> = {
  config: {
    type: 'string',
    short: 'c',
    value: 'FILE',
    help: 'the configuration, YAML; without it everything is open on loopback, data in ./.distlogd',
  },
  data: {
    type: 'string',
    value: 'DIRECTORY',
    help: 'the data directory, instead of the one in the configuration',
  },
};
