import type { ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';

/** An option of a command line. Every option has a long name, and takes either a value or none. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** The placeholder of the value in the help, such as `FILE`. */
  readonly value?: string;
  /** The accepted values; without them, any text is accepted. */
  readonly choices?: readonly string[];
  readonly help: string;
}

export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** The arguments of a command, checked against its options. */
export interface Given<T extends CommandOptions> {
  readonly values: { readonly [K in keyof T]?: ValueOf<T[K]> | undefined };
  /** The arguments that are not options. */
  readonly words: readonly string[];
}

type ValueOf<T extends CommandOption> = T['type'] extends 'boolean'
  ? true
  : T extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : string;

/** The arguments as they were parsed. */
export interface ParsedArguments {
  readonly values: Readonly<Record<string, string | true | undefined>>;
  readonly words: readonly string[];
}

/** A command, as it is defined. */
export interface CommandOf<T extends CommandOptions> {
  readonly name: string;
  /** A sentence for the list of commands, without a period. */
  readonly summary: string;
  /** Further lines of the help. */
  readonly details: readonly string[];
  /**
   * The words after the name in the usage line: `list | replay SINK`. Without it, only options are accepted.
   */
  readonly words?: string;
  readonly options: T;
  /** @throws CommandError */
  run(given: Given<T>, io: Io): Promise<ExitCode>;
}

/** Any command. */
export interface Command extends Omit<CommandOf<CommandOptions>, 'run'> {
  run(given: ParsedArguments, io: Io): Promise<ExitCode>;
}

/** Defines a command whose `run` knows the types of its options, against which the arguments were checked. */
export function command<const T extends CommandOptions>(of: CommandOf<T>): Command {
  return of as unknown as Command;
}

/** A program: a name and its commands. */
export interface Program {
  readonly name: string;
  readonly commands: readonly Command[];
}
