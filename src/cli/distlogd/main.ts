import { parseArgs } from 'node:util';
import { errorText } from '../../record/index.ts';
import { nearest } from '../../settings/index.ts';
import type { Command, CommandOption, Given } from './command.ts';
import { dlq } from './commands/dlq.ts';
import { keygen } from './commands/keygen.ts';
import { run } from './commands/run.ts';
import { status } from './commands/status.ts';
import { validate } from './commands/validate.ts';
import { ExitCode } from './exit-code.ts';
import { commandHelp, programHelp } from './help.ts';
import { alarming, type Io } from './io.ts';
import type { Parts } from './parts.ts';

const program = 'distlogd';
const commands: readonly Command[] = [run, validate, status, keygen, dlq];

const help: CommandOption = { type: 'boolean', short: 'h', help: 'prints this' };

/**
 * `distlogd`'s command line. Never throws.
 * @param args what stands behind the program's name
 * @param parts what of the daemon there is
 */
export async function main(args: readonly string[], io: Io, parts: Parts): Promise<ExitCode> {
  const [first, ...rest] = args;
  if (first === undefined) return usage(io, 'a command is needed');
  if (first === '--version' || first === '-V') return print(io, [io.version]);
  if (first === '--help' || first === '-h') return print(io, programHelp(program, commands));
  if (first === 'help')
    return rest[0] === undefined
      ? print(io, programHelp(program, commands))
      : main([rest[0], '--help'], io, parts);
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) return unknownCommand(io, first);
  const given = givenOf(command, rest);
  if (typeof given === 'string') return usage(io, given, command.name);
  if (given.values.help === true)
    return print(io, commandHelp(program, command, { ...command.options, help }));
  try {
    return await command.run(given, io, parts);
  } catch (error) {
    if ((error as { usage?: unknown } | null)?.usage === true)
      return usage(io, (error as Error).message, command.name);
    io.err(alarming(io, `${program} ${command.name}: ${errorText(error)}`));
    return ExitCode.SOFTWARE;
  }
}

/** @returns what was given, or what is wrong with it */
function givenOf(command: Command, args: readonly string[]): Given | string {
  const known = { ...command.options, help };
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type } : { type, short },
    ]),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const values: Record<string, string | boolean> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name as keyof typeof known] : undefined;
    if (option === undefined)
      return `unknown option ${token.rawName}; ${meant(token.name, Object.keys(known), '--')}`;
    if (token.name in values) return `--${token.name} once, got it twice`;
    if (option.type === 'boolean' && token.value !== undefined) return `--${token.name} takes no value`;
    const isMissing =
      token.value === undefined || token.value === '' || (!token.inlineValue && token.value.startsWith('-'));
    if (option.type === 'string' && isMissing) return `--${token.name} needs a value: ${option.value ?? ''}`;
    values[token.name] = token.value ?? true;
  }
  if (words.length > 0 && command.words === undefined)
    return `takes options only, got ${JSON.stringify(words[0])}`;
  return { values, words };
}

function unknownCommand(io: Io, name: string): ExitCode {
  const names = commands.map((command) => command.name);
  const isOption = name.startsWith('-');
  if (isOption)
    return usage(io, `the command comes first, got ${JSON.stringify(name)}; there are ${names.join(', ')}`);
  return usage(io, `no command ${JSON.stringify(name)}; ${meant(name, names, '')}`);
}

function meant(given: string, known: readonly string[], start: string): string {
  const near = nearest(given, known);
  const all = known.map((name) => `${start}${name}`).join(', ');
  return near === undefined ? `there are ${all}` : `did you mean ${start}${near}? There are ${all}`;
}

function usage(io: Io, message: string, command = ''): ExitCode {
  io.err(alarming(io, `${program}${command === '' ? '' : ` ${command}`}: ${message}`));
  io.err(`${program} ${command === '' ? '' : `${command} `}--help says more`);
  return ExitCode.USAGE;
}

function print(io: Io, lines: readonly string[]): ExitCode {
  for (const line of lines) io.out(line);
  return ExitCode.OK;
}
