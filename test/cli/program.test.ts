import { PassThrough, Writable } from 'node:stream';
import { type Command, type CommandOptions, command, type Program } from '../../src/cli/command.ts';
import { completion } from '../../src/cli/completion.ts';
import { commandError, ExitCode, exitCodeOf, usageError } from '../../src/cli/exit-code.ts';
import { processIo } from '../../src/cli/io.ts';
import { runProgram } from '../../src/cli/run-program.ts';
import { writeLines } from '../../src/cli/write-lines.ts';
import { fakeIo } from './support/fake-io.ts';

const options = {
  config: { type: 'string', short: 'c', value: 'FILE', help: 'the file' },
  order: { type: 'string', value: 'WHICH', choices: ['new', 'old'], help: 'which: [of many]' },
  quiet: { type: 'boolean', help: "doesn't print" },
} as const satisfies CommandOptions;

/** A program of two commands; `show` does what it is given. */
function programOf(run: Command['run'] = async () => ExitCode.OK): Program {
  const show = {
    name: 'show',
    summary: 'shows it',
    details: ['Line one.', 'Line two.'],
    words: '[FILE...]',
    options,
    run,
  };
  const list = command({
    name: 'list',
    summary: 'lists all',
    details: [],
    options: {},
    run: async () => ExitCode.OK,
  });
  return { name: 'tool', commands: [show, list] };
}

async function ran(args: readonly string[], run?: Command['run']) {
  const { io, out, err } = fakeIo('/');
  return { code: await runProgram(programOf(run), args, io), out, err };
}

test('the help of a program names its commands, one below the other', async () => {
  const help = [
    'usage: tool COMMAND [OPTION...]',
    '',
    '  show  shows it',
    '  list  lists all',
    '',
    'tool COMMAND --help describes a command; tool --version prints the version.',
  ];
  for (const args of [['--help'], ['-h'], ['help']])
    expect(await ran(args)).toEqual({ code: 0, out: help, err: [] });
  for (const args of [['--version'], ['-V']])
    expect(await ran(args)).toEqual({ code: 0, out: ['1.2.3'], err: [] });
});

test('the help of a command has its summary as a sentence, its details, and its options in a column', async () => {
  expect((await ran(['show', '--help'])).out).toEqual([
    'usage: tool show [FILE...] [OPTION...]',
    '',
    'Shows it.',
    'Line one.',
    'Line two.',
    '',
    '  -c, --config FILE  the file',
    '      --order WHICH  which: [of many]',
    "      --quiet        doesn't print",
    '  -h, --help         prints this help',
  ]);
  expect((await ran(['list', '-h'])).out).toEqual([
    'usage: tool list [OPTION...]',
    '',
    'Lists all.',
    '',
    '  -h, --help  prints this help',
  ]);
});

test.each<[string[], string]>([
  [[], 'tool: expected a command: show, list; see tool --help'],
  [['shwo'], 'tool: unknown command "shwo"; did you mean show? Expected one of show, list; see tool --help'],
  [['xyzzyx'], 'tool: unknown command "xyzzyx"; expected one of show, list; see tool --help'],
  [['-x'], 'tool: the command must come first, got "-x"; expected one of show, list; see tool --help'],
  [
    ['show', '--conifg=a'],
    'tool show: unknown option --conifg; did you mean --config? Expected one of --config, --order, --quiet, --help; see tool show --help',
  ],
  [
    ['show', '-Z'],
    'tool show: unknown option -Z; expected one of --config, --order, --quiet, --help; see tool show --help',
  ],
  [['show', '-c', 'a', '--config=b'], 'tool show: --config is given twice; see tool show --help'],
  [['show', '--quiet=1'], 'tool show: --quiet takes no value; see tool show --help'],
  [['show', '--config'], 'tool show: --config needs a value: FILE; see tool show --help'],
  [['show', '--config', '--quiet'], 'tool show: --config needs a value: FILE; see tool show --help'],
  [['show', '--order='], 'tool show: --order needs a value: new, old; see tool show --help'],
  [['show', '--order', 'ol'], 'tool show: --order must be one of new, old; got "ol"; see tool show --help'],
  [['list', 'word'], 'tool list: expected only options, got "word"; see tool list --help'],
])('%j is refused: %s', async (args, message) => {
  expect(await ran(args)).toEqual({ code: ExitCode.USAGE, out: [], err: [message] });
});

test('what is given reaches the command, and its exit code is the program’s', async () => {
  let said: unknown;
  const { code } = await ran(['show', '-ca', 'one', '--order', 'old', '--', '--quiet'], async (given) => {
    said = given;
    return ExitCode.NO_DATA;
  });
  expect(code).toBe(65);
  expect(said).toEqual({ values: { config: 'a', order: 'old' }, words: ['one', '--quiet'] });
  await ran(['show', '--config=-', '--config=x'].slice(0, 2), async (given) => {
    said = given;
    return ExitCode.OK;
  });
  expect(said).toEqual({ values: { config: '-' }, words: [] });
});

test('an error of a command is printed with its name, and only a wrong command line names the help', async () => {
  const failed = (error: unknown) => ran(['show'], () => Promise.reject(error));
  expect(await failed(commandError(ExitCode.REFUSED, 'no entry'))).toEqual({
    code: 77,
    out: [],
    err: ['tool show: no entry'],
  });
  expect(await failed(usageError('needs a file'))).toEqual({
    code: 64,
    out: [],
    err: ['tool show: needs a file; see tool show --help'],
  });
});

test('any other error is a defect, and is printed with its stack', async () => {
  const failed = (error: unknown) => ran(['show'], () => Promise.reject(error));
  const { code, err } = await failed(new TypeError('x is not a function'));
  expect(code).toBe(ExitCode.SOFTWARE);
  expect(err[0]).toMatch(/^tool show: TypeError: x is not a function\n\s+at .*program\.test/);
  expect(await failed('text')).toEqual({ code: 70, out: [], err: ['tool show: text'] });
  expect((await failed(undefined)).code).toBe(70);
});

test('an error has an exit code where a command gave it one', () => {
  expect(exitCodeOf(commandError(ExitCode.CONFIG, 'x'))).toBe(78);
  for (const other of [new Error('x'), { exitCode: '1' }, null, undefined, 7])
    expect(exitCodeOf(other)).toBeUndefined();
});

describe('completion', () => {
  const script = async (...words: string[]) => {
    const { io, out } = fakeIo('/');
    await completion(programOf()).run({ values: {}, words }, io);
    return out.join('\n');
  };

  test('of fish has commands, options with their letters, choices, and files only where a value may be one', async () => {
    expect((await script('fish')).split('\n')).toEqual([
      "complete -c tool -n __fish_use_subcommand -f -a show -d 'shows it'",
      "complete -c tool -n __fish_use_subcommand -f -a list -d 'lists all'",
      'complete -c tool -n __fish_use_subcommand -f -a completion',
      "complete -c tool -n '__fish_seen_subcommand_from show' -l config -s c -r -d 'the file'",
      "complete -c tool -n '__fish_seen_subcommand_from show' -l order -r -f -a 'new old' -d 'which: [of many]'",
      "complete -c tool -n '__fish_seen_subcommand_from show' -l quiet -d 'doesn’t print'",
      "complete -c tool -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'",
    ]);
  });

  test('of zsh has each option with its kind of value, without special characters of zsh', async () => {
    const zsh = await script('zsh');
    expect(zsh).toContain("local -a commands=('show:shows it' 'list:lists all' completion)");
    expect(zsh).toContain(
      "_arguments '--config[the file]:value:_files' '--order[which   of many ]:value:(new old)' '--quiet[doesn’t print]' '*:file:_files';;",
    );
  });

  test('takes exactly one shell', async () => {
    for (const words of [[], ['bash', 'zsh'], ['csh'], ['constructor']]) {
      await expect(script(...words)).rejects.toMatchObject({
        exitCode: ExitCode.USAGE,
        message: 'expected one of bash, zsh, fish',
      });
    }
  });
});

describe('lines', () => {
  const kept = () => {
    const blocks: string[] = [];
    const out = new Writable({
      decodeStrings: false,
      write: (block: string, _encoding, done) => {
        blocks.push(block);
        done();
      },
    });
    return { blocks, out };
  };

  test('are written in blocks of 65,536 characters and more, and the rest at the end', async () => {
    const { blocks, out } = kept();
    await writeLines(out, ['x'.repeat(65_534), 'a', 'b'.repeat(65_535), 'c', 'd']);
    expect(blocks.map(({ length }) => length)).toEqual([65_535 + 2, 65_536, 4]);
    expect(blocks[2]).toBe('c\nd\n');
    const none = kept();
    await writeLines(none.out, []);
    expect(none.blocks).toEqual([]);
  });

  test('are no longer requested after the stream has failed, or was closed during a write', async () => {
    const long = 'x'.repeat(70_000);
    const asked: number[] = [];
    function* counted() {
      for (let at = 0; at < 5; at += 1) {
        asked.push(at);
        yield long;
      }
    }
    const failing = new Writable({ write: (_block, _encoding, done) => done(new Error('full')) });
    failing.on('error', () => {});
    await writeLines(failing, counted());
    await writeLines(failing, counted());
    const stuck = new Writable({ write: () => void setImmediate(() => stuck.destroy()) });
    await writeLines(stuck, counted());
    expect(asked).toEqual([0, 0, 0]);
  });
});

test('a terminal is redrawn in place, with one line less than it has rows', () => {
  const stdout = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 80, rows: 4 });
  const { terminal } = processIo('1', { stdout, stderr: stdout, env: {} } as unknown as NodeJS.Process);
  const drawn = (...lines: readonly string[]) => {
    terminal!.redraw(lines);
    return stdout.read() ?? '';
  };
  expect(drawn('a', 'b')).toBe('a\nb\n');
  expect(drawn('1', '2', '3', '4')).toBe('\x1b[2F\x1b[J2\n3\n4\n');
  expect(drawn()).toBe('\x1b[3F\x1b[J');
  expect(drawn('x')).toBe('x\n');
  Object.assign(stdout, { rows: 1, columns: 40 });
  expect(drawn('y', 'z')).toBe('\x1b[1F\x1b[Jz\n');
  expect(terminal!.columns).toBe(40);
});
