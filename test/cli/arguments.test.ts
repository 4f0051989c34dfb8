import fc from 'fast-check';
import type { Command, CommandOption, ParsedArguments, Program } from '../../src/cli/command.ts';
import { program as distlog } from '../../src/cli/distlog/program.ts';
import { distlogd } from '../../src/cli/distlogd/distlogd.ts';
import { ExitCode } from '../../src/cli/exit-code.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import { runProgram } from '../../src/cli/run-program.ts';
import { fakeIo } from './support/fake-io.ts';

const programs: readonly Program[] = [distlog, distlogd(() => Promise.reject(new Error('no daemon here')))];
const commands = programs.flatMap((program) => program.commands.map((command) => ({ program, command })));
const byName = commands.map(
  ({ program, command }) => [`${program.name} ${command.name}`, program, command] as const,
);

async function ran(program: Program, args: readonly string[]) {
  const { io, out, err } = fakeIo('/nowhere');
  return { code: await runProgram(program, args, io), out, err };
}

test.each(byName)('%s --help lists exactly the options that it takes', async (_name, program, command) => {
  const { code, out, err } = await ran(program, [command.name, '--help']);
  const rows = out.flatMap((line) => [
    ...line.matchAll(/^ {2}(?:-(\w), | {4})--([\w-]+)(?: (\S+))? {2,}\S/g),
  ]);
  const listed = rows.map(([, short, name, value]) => [name, short, value !== undefined]);
  const taken = Object.entries(command.options as Readonly<Record<string, CommandOption>>).map(
    ([name, { short, type }]) => [name, short, type === 'string'],
  );
  expect(listed).toEqual([...taken, ['help', 'h', false]]);
  expect([code, err]).toEqual([ExitCode.OK, []]);
  // Regardless of other arguments, and also as `help COMMAND`.
  expect(await ran(program, ['help', command.name])).toEqual({ code, out, err });
});

test.each(byName)(
  '%s refuses what it does not take, with 64, and does nothing',
  async (_name, program, command) => {
    const run = jest.spyOn(command, 'run').mockResolvedValue(ExitCode.OK);
    const [option = 'help', { type, short = '' }] = Object.entries(command.options)[0] ?? [
      'help',
      { type: 'boolean' },
    ];
    const valued = type === 'string' ? [`--${option}=a`] : [`--${option}`];
    const wrong = [
      ...[
        ['--no-such'],
        ['--no-such=1'],
        ['-Z'],
        [`--${option}x`],
        [...valued, ...valued],
        ['--__proto__'],
        ['---'],
      ],
      ...(type === 'string'
        ? [[`--${option}`], [`--${option}=`], [`--${option}`, '--help']]
        : [[`--${option}=true`]]),
      ...(short === '' ? [] : [[`-${short}`]]),
      ...(command.words === undefined ? [['word'], ['--', '--help']] : []),
    ];
    for (const args of wrong) {
      const { code, out, err } = await ran(program, [command.name, ...args]);
      expect([args, code, out]).toEqual([args, ExitCode.USAGE, []]);
      expect(err).toEqual([
        expect.stringMatching(new RegExp(`^${program.name} ${command.name}: .*; see .* --help$`)),
      ]);
    }
    expect(run).not.toHaveBeenCalled();
    run.mockRestore();
  },
);

test.each(programs.map((program) => [program.name, program] as const))(
  '%s refuses other commands',
  async (name, program) => {
    for (const args of [[], ['no-such'], ['--no-such'], ['help', 'no-such'], ['']]) {
      const { code, out, err } = await ran(program, args);
      expect([args, code, out]).toEqual([args, ExitCode.USAGE, []]);
      expect(err).toEqual([expect.stringMatching(new RegExp(`^${name}: .*; see ${name} --help$`))]);
    }
  },
);

/** A command line of a command, with its meaning. */
function lineOf(command: Command): fc.Arbitrary<readonly [args: string[], said: ParsedArguments]> {
  const options = Object.entries(command.options as Readonly<Record<string, CommandOption>>);
  const text = fc.oneof(
    fc.string({ minLength: 1, unit: 'grapheme' }),
    fc.constantFrom('--help', '-h', '--', '=', 'a=b', '-', '--x=y', ' ', '\n', '=a', '__proto__'),
  );
  const given = options.map(([name, { type, short, choices }]) => {
    if (type === 'boolean') {
      const spelled = fc.constantFrom(`--${name}`, short === undefined ? `--${name}` : `-${short}`);
      return spelled.map((arg) => [[arg], { [name]: true as const }] as const);
    }
    return fc
      .tuple(choices === undefined ? text : fc.constantFrom(...choices), fc.nat(2))
      .map(([value, form]): readonly [string[], Record<string, string>] => {
        // After a space an option is not a value; directly after a letter any text is a value.
        const isOption = /^-./.test(value);
        const args =
          form === 0 && !isOption
            ? [`--${name}`, value]
            : form === 1 && !isOption && short !== undefined
              ? [`-${short}${value}`]
              : [`--${name}=${value}`];
        return [args, { [name]: value }];
      });
  });
  const words = command.words === undefined ? fc.constant([]) : fc.array(text, { maxLength: 3 });
  return fc
    .tuple(
      fc.subarray(given, { minLength: 0 }).chain((some) => fc.tuple(...some)),
      words,
    )
    .map(([some, behind]) => {
      const values = Object.assign({}, ...some.map(([, value]) => value));
      const args = some.flatMap(([each]) => [...each]);
      return [behind.length > 0 ? [...args, '--', ...behind] : args, { values, words: behind }] as const;
    });
}

test('every command line of options and words is read as it was written', () => {
  const any = fc
    .constantFrom(...commands)
    .chain(({ command }) => lineOf(command).map((line) => [command, ...line] as const));
  fc.assert(
    fc.property(any, ([command, args, said]) => {
      expect(parseArguments(args, command.options, command.words !== undefined)).toEqual(said);
    }),
    { numRuns: 1_000 },
  );
});
