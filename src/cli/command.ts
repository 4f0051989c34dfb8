import type { ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';

/** An option of a command line; all have a long name, and a value or none. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** What stands for its value in the help: `FILE`. */
  readonly value?: string;
  /** The values that it takes; without them any text. */
  readonly choices?: readonly string[];
  readonly help: string;
}

export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** What was given, checked against the command's options. */
export interface Given<T extends CommandOptions> {
  readonly values: { readonly [K in keyof T]?: ValueOf<T[K]> | undefined };
  /** What is no option. */
  readonly words: readonly string[];
}

type ValueOf<T extends CommandOption> = T['type'] extends 'boolean'
  ? true
  : T extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : string;

/** What was given, as it was read. */
export interface ParsedArguments {
  readonly values: Readonly<Record<string, string | true | undefined>>;
  readonly words: readonly string[];
}

/** A command as its author writes it. */
export interface CommandOf<T extends CommandOptions> {
  readonly name: string;
  /** A sentence for the list of commands, without a period. */
  readonly summary: string;
  /** What else the help says, lines of text. */
  readonly details: readonly string[];
  /** Words behind the name, for the usage line: `list | replay SINK`. Without them only options are taken. */
  readonly words?: string;
  readonly options: T;
  /** @throws CommandError */
  run(given: Given<T>, io: Io): Promise<ExitCode>;
}

/** Any command. */
export interface Command extends Omit<CommandOf<CommandOptions>, 'run'> {
  run(given: ParsedArguments, io: Io): Promise<ExitCode>;
}

/** A command whose `run` knows the types of its options: the arguments were checked against these. */
export function command<const T extends CommandOptions>(of: CommandOf<T>): Command {
  return of as unknown as Command;
}

/** A program: a name and its commands. */
export interface Program {
  readonly name: string;
  readonly commands: readonly Command[];
}
