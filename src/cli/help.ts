import type { Command, CommandOption, CommandOptions, Program } from './command.ts';

/** The help of a program: its commands. */
export function programHelp({ name: program, commands }: Program): readonly string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `usage: ${program} COMMAND [OPTION...]`,
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    `${program} COMMAND --help describes a command; ${program} --version prints the version.`,
  ];
}

/** The help of a command. */
export function commandHelp(program: string, command: Command, options: CommandOptions): readonly string[] {
  const words = command.words === undefined ? '' : ` ${command.words}`;
  const rows = Object.entries(options).map(([name, option]) => [spelled(name, option), option.help] as const);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    `usage: ${program} ${command.name}${words} [OPTION...]`,
    '',
    `${command.summary.replace(/^./, (first) => first.toUpperCase())}.`,
    ...command.details,
    '',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
  ];
}

function spelled(name: string, { short, value }: CommandOption): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}
