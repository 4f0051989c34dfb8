import type { ProcessorOptions } from '../processors/index.ts';
import type { DaemonConfig } from './daemon-config.ts';
import type { Extensions } from './extensions.ts';

/** The processors of a configuration, in the order of the file. */
export function wantedProcessors(
  { processors }: Pick<DaemonConfig, 'processors'>,
  { processorTypes = [] }: Extensions,
  program: URL | undefined,
): readonly ProcessorOptions[] {
  return Object.entries(processors).map(([name, given]) => {
    const found = processorTypes.find(({ type }) => type === given.type);
    // Cannot happen: the configuration was checked.
    if (found === undefined) throw new Error(`unknown type of processor ${JSON.stringify(given.type)}`);
    const { type, module } = found;
    const { onError, timeoutMillis } = given;
    return { name, type, module, options: found.ownOptions(given), onError, timeoutMillis, program };
  });
}
