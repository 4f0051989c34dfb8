import { runRuleTests } from '../../../rules/index.ts';
import { safeText } from '../../../text/index.ts';
import { command } from '../../command.ts';
import { ExitCode } from '../../exit-code.ts';
import { configOptions, readConfig } from '../load-config.ts';

export const test = command({
  name: 'test',
  summary: 'runs the tests of the rules, and starts nothing',
  details: [
    'Puts the record of each entry of `tests` in the configuration before its rules, and compares. Exit code 1: a test',
    'failed; 78: the configuration is wrong. It reads no other file and opens nothing.',
  ],
  options: configOptions,
  async run({ values }, io) {
    const parsed = await readConfig(values, io);
    if (parsed === undefined) return ExitCode.CONFIG;
    const { rules, match, tests, sinks } = parsed.config;
    const names = sinks.map(({ name }) => name);
    const results = await runRuleTests({ rules, match, tests, sinks: names }, parsed.extensions.patterns);
    if (results.length === 0) io.err(`warning: ${parsed.fileName} has no tests`);
    for (const { name, problems } of results) {
      io.out(safeText(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name}`));
      for (const problem of problems) io.out(safeText(`         ${problem}`));
    }
    const failed = results.filter(({ problems }) => problems.length > 0).length;
    if (results.length > 0) io.out(`${results.length - failed} of ${results.length} tests passed`);
    return failed === 0 ? ExitCode.OK : ExitCode.FAILED;
  },
});
