import type { JournalEntry } from '../../../component/index.ts';
import { wantedProcessors } from '../../../config/index.ts';
import { ProcessorChain } from '../../../processors/index.ts';
import { runRuleTests } from '../../../rules/index.ts';
import { safeText } from '../../../text/index.ts';
import { type Command, command } from '../../command.ts';
import { ExitCode } from '../../exit-code.ts';
import { configOptions, readConfig } from '../load-config.ts';

/** @param processorProgram the compiled program of a processor */
export function test(processorProgram: URL | undefined): Command {
  return command({
    name: 'test',
    summary: 'runs the tests of the rules, without starting the daemon',
    details: [
      'Applies the processors and rules to the record of each entry of `tests` in the configuration, and compares the',
      'result. Opens no sockets, and no files except plugins. Exit codes: 1 a test failed, 78 invalid configuration.',
    ],
    options: configOptions,
    async run({ values }, io) {
      const parsed = await readConfig(values, io);
      if (parsed === undefined) return ExitCode.CONFIG;
      const { config, extensions } = parsed;
      const { rules, match, tests } = config;
      const sinks = config.sinks.map(({ name }) => name);
      const quiet = { emit: () => {} };
      const chain = new ProcessorChain(wantedProcessors(config, extensions, processorProgram), quiet);
      const processed = (entry: JournalEntry) => chain.processAlone(entry);
      const options = { rules, match, tests, sinks, processed };
      const results = await runRuleTests(options, extensions.patterns).finally(() => chain.close());
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
}
