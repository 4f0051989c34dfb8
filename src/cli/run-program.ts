import { errorText } from '../record/index.ts';
import type { Command, CommandOption, Program } from './command.ts';
import { ExitCode, exitCodeOf, usageError } from './exit-code.ts';
import { commandHelp, programHelp } from './help.ts';
import type { Io } from './io.ts';
import { parseArguments, suggestionFor } from './parse-arguments.ts';

const help: CommandOption = { type: 'boolean', short: 'h', help: 'prints this help' };

/**
 * Runs the command that a command line names. Never rejects.
 * @param args the arguments after the name of the program
 */
export async function runProgram(program: Program, args: readonly string[], io: Io): Promise<ExitCode> {
  let name = program.name;
  try {
    const [first, ...rest] = args;
    if (first === '--version' || first === '-V') return print(io, [io.version]);
    if (first === '--help' || first === '-h') return print(io, programHelp(program));
    if (first === 'help' && rest.length === 0) return print(io, programHelp(program));
    const isHelp = first === 'help';
    const command = commandOf(program, isHelp ? rest[0] : first);
    name = `${program.name} ${command.name}`;
    const options = { ...command.options, help };
    const given = parseArguments(isHelp ? ['--help'] : rest, options, command.words !== undefined);
    if (given.values.help !== undefined) return print(io, commandHelp(program.name, command, options));
    return await command.run(given, io);
  } catch (error) {
    return printError(name, error, io);
  }
}

function commandOf({ commands }: Program, name: string | undefined): Command {
  const names = commands.map((command) => command.name);
  if (name === undefined) throw usageError(`expected a command: ${names.join(', ')}`);
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  if (name.startsWith('-')) {
    throw usageError(
      `the command must come first, got ${JSON.stringify(name)}; expected one of ${names.join(', ')}`,
    );
  }
  throw usageError(`unknown command ${JSON.stringify(name)}${suggestionFor(name, names)}`);
}

function printError(name: string, error: unknown, io: Io): ExitCode {
  const code = exitCodeOf(error);
  if (code === undefined) {
    io.alarm(`${name}: ${(error as Error | undefined)?.stack ?? errorText(error)}`);
    return ExitCode.SOFTWARE;
  }
  const { message } = error as Error;
  io.alarm(`${name}: ${message}${code === ExitCode.USAGE ? `; see ${name} --help` : ''}`);
  return code;
}

function print(io: Io, lines: readonly string[]): ExitCode {
  for (const line of lines) io.out(line);
  return ExitCode.OK;
}
