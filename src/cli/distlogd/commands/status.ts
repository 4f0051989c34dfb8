import { formatStatus } from '../../../operations/index.ts';
import { problemText } from '../../../record/index.ts';
import { safeJson } from '../../../text/index.ts';
import { command } from '../../command.ts';
import { commandError, ExitCode } from '../../exit-code.ts';
import { configOptions, loadConfig } from '../load-config.ts';
import { requestStatus } from '../request-status.ts';

export const status = command({
  name: 'status',
  summary: 'shows the state of the running daemon: sink lag, senders, losses by cause',
  details: [
    'Sends a request to the http address of the configuration. Exit code 69: the daemon does not respond.',
  ],
  options: {
    ...configOptions,
    json: { type: 'boolean', help: 'prints JSON' },
  },
  async run({ values }, io) {
    const loaded = await loadConfig(values, io);
    if (loaded === undefined) return ExitCode.CONFIG;
    const report = await requestStatus(loaded).catch((error) => {
      throw commandError(ExitCode.UNAVAILABLE, problemText(error));
    });
    if (values.json === true) await io.lines([safeJson(report)]);
    else io.out(formatStatus(report).trimEnd());
    return ExitCode.OK;
  },
});
