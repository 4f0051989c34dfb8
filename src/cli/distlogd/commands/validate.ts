import { loadSecrets } from '../../../config/index.ts';
import { neededMemory } from '../../../daemon/index.ts';
import { sizeText } from '../../../text/index.ts';
import { command } from '../../command.ts';
import { ExitCode } from '../../exit-code.ts';
import { configOptions, printErrors, readConfig } from '../load-config.ts';

export const validate = command({
  name: 'validate',
  summary: 'checks a configuration, and starts nothing',
  details: [
    'Reports every error at once, each with line and column. Reads the keys, tokens and certificates that the',
    'configuration names, opens no socket, and does not touch the data directory. Exit code 78: it is wrong.',
  ],
  options: {
    ...configOptions,
    'no-files': {
      type: 'boolean',
      help: 'does not look at keys, tokens and certificates: they are elsewhere',
    },
  },
  async run({ values }, io) {
    const parsed = await readConfig(values, io);
    if (parsed === undefined) return ExitCode.CONFIG;
    if (values['no-files'] !== true) {
      const loaded = await loadSecrets(parsed);
      if ('errors' in loaded) {
        printErrors(loaded.errors, io);
        return ExitCode.CONFIG;
      }
    }
    const { receivers, sinks } = parsed.config;
    const sinkNames = sinks.map(({ name }) => name).join(', ');
    io.out(`${parsed.fileName} is valid: receivers ${Object.keys(receivers).join(', ')}; sinks ${sinkNames}`);
    io.out(`memory: at most ${sizeText(neededMemory(parsed.config))} by its limits`);
    return ExitCode.OK;
  },
});
