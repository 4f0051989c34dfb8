import { type DaemonConfig, loadSecrets } from '../../../config/index.ts';
import { neededMemory } from '../../../daemon/index.ts';
import { dataLayout } from '../../../disk/index.ts';
import { sinksWithCursor } from '../../../sinks/runner/index.ts';
import { sizeText } from '../../../text/index.ts';
import { command } from '../../command.ts';
import { ExitCode } from '../../exit-code.ts';
import { configOptions, printErrors, readConfig } from '../load-config.ts';

/**
 * Returns sinks that have a cursor but are not in the configuration; none if the data directory cannot be
 * read.
 */
async function removedSinks({ data, sinks }: DaemonConfig): Promise<readonly string[]> {
  const names = new Set(sinks.map(({ name }) => name));
  const found = await sinksWithCursor(dataLayout(data).sinks).catch(() => []);
  return found.filter((name) => !names.has(name));
}

export const validate = command({
  name: 'validate',
  summary: 'checks a configuration, without starting the daemon',
  details: [
    'Reports all errors, each with line and column. Reads the keys, tokens and certificates that the',
    'configuration names, opens no sockets, and does not change the data directory. Exit code 78: invalid configuration.',
  ],
  options: {
    ...configOptions,
    'no-files': {
      type: 'boolean',
      help: 'does not read key, token and certificate files',
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
    io.out(`memory: at most ${sizeText(neededMemory(parsed.config))} according to its limits`);
    for (const name of await removedSinks(parsed.config)) {
      io.err(
        `warning: sink ${name} has a position in ${parsed.config.data} but is not in the configuration: the journal ` +
          `keeps its unwritten records until it is configured again, or \`distlogd release ${name}\` is run`,
      );
    }
    return ExitCode.OK;
  },
});
