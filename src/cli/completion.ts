import { type Command, type CommandOption, command, type Program } from './command.ts';
import { ExitCode, usageError } from './exit-code.ts';

const SHELLS = { bash, zsh, fish } as const;
type Shell = keyof typeof SHELLS;

/** The command that prints a shell script for completing a program's commands and options. */
export function completion(program: Program): Command {
  const names = Object.keys(SHELLS);
  return command({
    name: 'completion',
    summary: 'prints a script that completes commands and options in a shell',
    details: [
      `bash: eval "$(${program.name} completion bash)" in ~/.bashrc; zsh: the same with zsh, in ~/.zshrc after compinit;`,
      `fish: ${program.name} completion fish > ~/.config/fish/completions/${program.name}.fish`,
    ],
    words: names.join(' | '),
    options: {},
    async run({ words: [shell, ...more] }, io) {
      if (shell === undefined || more.length > 0 || !names.includes(shell)) {
        throw usageError(`expected one of ${names.join(', ')}`);
      }
      await io.lines(SHELLS[shell as Shell](program));
      return ExitCode.OK;
    },
  });
}

const allNames = ({ commands }: Program) => [...commands.map(({ name }) => name), 'completion'];
const optionsOf = ({ options }: Command): readonly (readonly [string, CommandOption])[] =>
  Object.entries(options);
/** Quotes a text with single quotes, for all three shells. */
const quoted = (text: string) => `'${text.replaceAll('\\', '').replaceAll("'", '’')}'`;

function* bash(program: Program): Generator<string> {
  const name = program.name;
  yield `_${name}() {`;
  yield `  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"`;
  yield '  COMPREPLY=()';
  yield '  if [ "$COMP_CWORD" -eq 1 ]; then';
  yield `    COMPREPLY=($(compgen -W ${quoted(allNames(program).join(' '))} -- "$word")); return`;
  yield '  fi';
  yield `  case "\${COMP_WORDS[1]} $before" in`;
  for (const each of program.commands) {
    for (const [option, { choices }] of optionsOf(each)) {
      if (choices === undefined) continue;
      yield `    ${quoted(`${each.name} --${option}`)}) COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$word")); return;;`;
    }
  }
  yield '  esac';
  yield `  case "\${COMP_WORDS[1]} $word" in`;
  for (const each of program.commands) {
    const options = optionsOf(each).map(([option]) => `--${option}`);
    yield `    ${quoted(`${each.name} -`)}*) COMPREPLY=($(compgen -W ${quoted(options.join(' '))} -- "$word")); return;;`;
  }
  yield `    ${quoted('completion ')}*) COMPREPLY=($(compgen -W ${quoted(Object.keys(SHELLS).join(' '))} -- "$word")); return;;`;
  yield '  esac';
  yield '  COMPREPLY=($(compgen -f -- "$word"))';
  yield '}';
  yield `complete -o filenames -F _${name} ${name}`;
}

function* zsh(program: Program): Generator<string> {
  const name = program.name;
  yield `#compdef ${name}`;
  yield `_${name}() {`;
  yield '  if (( CURRENT == 2 )); then';
  yield `    local -a commands=(${program.commands.map((each) => quoted(`${each.name}:${plain(each.summary)}`)).join(' ')} completion)`;
  yield '    _describe command commands; return';
  yield '  fi';
  yield '  case "$words[2]" in';
  for (const each of program.commands) {
    yield `    ${each.name})`;
    yield `      words=("$words[1]" "\${(@)words[3,-1]}"); (( CURRENT -= 1 ))`;
    const specs = optionsOf(each).map(([option, { type, choices, help }]) => {
      const values = choices === undefined ? ':value:_files' : `:value:(${choices.join(' ')})`;
      return quoted(`--${option}[${plain(help)}]${type === 'boolean' ? '' : values}`);
    });
    yield `      _arguments ${specs.join(' ')} '*:file:_files';;`;
  }
  yield `    completion) _values shell ${Object.keys(SHELLS).join(' ')};;`;
  yield '  esac';
  yield '}';
  yield `compdef _${name} ${name}`;
}

/** Removes characters with a meaning in zsh. */
function plain(text: string): string {
  return text.replaceAll(/[[\]:]/g, ' ');
}

function* fish(program: Program): Generator<string> {
  const name = program.name;
  const first = `complete -c ${name} -n __fish_use_subcommand -f`;
  for (const each of program.commands) yield `${first} -a ${each.name} -d ${quoted(each.summary)}`;
  yield `${first} -a completion`;
  for (const each of program.commands) {
    const of = `complete -c ${name} -n ${quoted(`__fish_seen_subcommand_from ${each.name}`)}`;
    for (const [option, { type, short, choices, help }] of optionsOf(each)) {
      const letter = short === undefined ? '' : ` -s ${short}`;
      const values = choices === undefined ? '' : ` -f -a ${quoted(choices.join(' '))}`;
      yield `${of} -l ${option}${letter}${type === 'boolean' ? '' : ` -r${values}`} -d ${quoted(help)}`;
    }
  }
  yield `complete -c ${name} -n ${quoted('__fish_seen_subcommand_from completion')} -f -a ${quoted(Object.keys(SHELLS).join(' '))}`;
}
