import { type DaemonConfig, loadSecrets } from '../../../config/index.ts';
import { neededMemory } from '../../../daemon/index.ts';
import { dataLayout } from '../../../disk/index.ts';
import { sinksWithCursor } from '../../../sinks/runner/index.ts';
import { sizeText } from '../../../text/index.ts';
import { command } from '../../command.ts';
import { ExitCode } from '../../exit-code.ts';
import { configOptions, printErrors, readConfig } from '../load-config.ts';

/** Sinks that have run here and are not in the configuration. None where the data directory cannot be read. */
async function removedSinks({ data, sinks }: DaemonConfig): Promise<readonly string[]> {
  const names = new Set(sinks.map(({ name }) => name));
  const found = await sinksWithCursor(dataLayout(data).sinks).catch(() => []);
  return found.filter((name) => !names.has(name));
}

export const validate = command({
  name: 'validate',
  summary: 'checks a configuration, and starts nothing',
  details: [
    'Reports every error at once, each with line and column. Reads the keys, tokens and certificates that the',
    'configuration names, opens no socket, and changes nothing in the data directory. Exit code 78: it is wrong.',
  ],
  options: {
    ...configOptions,
    'no-files': {
      type: 'boolean',
      help: 'does not read the files of keys, tokens and certificates',
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
    for (const name of await removedSinks(parsed.config)) {
      io.err(
        `warning: sink ${name} has a position in ${parsed.config.data} and is not in the configuration: what it has ` +
          `not written stays in the journal until it is back, or \`distlogd release ${name}\``,
      );
    }
    return ExitCode.OK;
  },
});
