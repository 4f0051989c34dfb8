import { formatStatus } from '../../../operations/index.ts';
import { errorText } from '../../../record/index.ts';
import { type Command, configOptions } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { alarming } from '../io.ts';
import { loadConfig } from '../load-config.ts';

export const status: Command = {
  name: 'status',
  summary: 'asks the running daemon how it is: sinks behind, senders, losses by cause',
  details: ['Asks at the http address of the configuration. Exit code 69: nobody answers there.'],
  options: {
    ...configOptions,
    json: { type: 'boolean', help: 'prints the answer as it comes, JSON' },
  },
  async run(given, io, parts) {
    const loaded = await loadConfig(given, io);
    if (loaded === undefined) return ExitCode.CONFIG;
    if (loaded.config.http === undefined) {
      io.err(alarming(io, 'distlogd status: http is off in the configuration, so there is nobody to ask'));
      return ExitCode.UNAVAILABLE;
    }
    const { requestStatus } = parts;
    if (requestStatus === undefined) {
      io.err('distlogd status: the daemon is not part of this build');
      return ExitCode.SOFTWARE;
    }
    try {
      const report = await requestStatus(loaded);
      if (given.values.json === true) io.out(JSON.stringify(report, null, 2));
      else io.out(formatStatus(report).trimEnd());
      return ExitCode.OK;
    } catch (error) {
      io.err(alarming(io, `distlogd status: ${error instanceof Error ? error.message : errorText(error)}`));
      return ExitCode.UNAVAILABLE;
    }
  },
};
