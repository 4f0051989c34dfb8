import { rm } from 'node:fs/promises';
import { dataLayout } from '../../../disk/index.ts';
import { cursorFileOf, sinksWithCursor } from '../../../sinks/runner/index.ts';
import { command } from '../../command.ts';
import { commandError, ExitCode, usageError } from '../../exit-code.ts';
import { configOptions, readConfig } from '../load-config.ts';

export const release = command({
  name: 'release',
  summary: 'discards the backlog of a sink that was removed from the configuration',
  details: [
    'SINK           a sink that was removed or renamed; `distlogd validate` lists them',
    'Until then the journal keeps the records that this sink has not written. The daemon may be running; it counts',
    'the discarded records as lost.',
  ],
  words: 'SINK',
  options: configOptions,
  async run({ values, words: [name, ...more] }, io) {
    if (name === undefined || more.length > 0) throw usageError('expected the name of one sink');
    const parsed = await readConfig(values, io);
    if (parsed === undefined) return ExitCode.CONFIG;
    const { sinks: directory } = dataLayout(parsed.config.data);
    if (parsed.config.sinks.some((sink) => sink.name === name)) {
      throw usageError(`sink ${JSON.stringify(name)} is in the configuration: remove it there first`);
    }
    if (!(await sinksWithCursor(directory)).includes(name)) {
      throw commandError(ExitCode.FAILED, `no sink ${JSON.stringify(name)} has a position in ${directory}`);
    }
    // The daemon may release it at the same time.
    await rm(cursorFileOf(directory, name), { force: true });
    io.out(`${name}: released; the journal no longer keeps its backlog`);
    return ExitCode.OK;
  },
});
