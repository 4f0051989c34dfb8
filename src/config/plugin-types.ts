import { type AnySinkType, DeferredSink, type PluginProcessor, type PluginSink } from '../component/index.ts';
import { processorFields } from '../processors/index.ts';
import { group } from '../settings/index.ts';
import { deliveryOptions } from '../sinks/runner/index.ts';
import type { ProcessorType } from './extensions.ts';
import { pluginFields } from './plugin-options.ts';

const WEEK_MILLIS = 7 * 86_400_000;
const named = { name: 1, type: 1 } as const;
const everySink = { ...named, ...deliveryOptions({ behindMillis: 0, onFull: 'skip' }) };
const everyProcessor = { ...named, ...processorFields };

/**
 * Converts a plugin's sink to a type of sink, with its errors isolated.
 * @throws Error that describes invalid options
 */
export function pluginSinkType({ type, meaning, options, onFull = 'skip', make }: PluginSink): AnySinkType {
  const fields = pluginFields(options, everySink, 'every sink');
  return {
    type,
    options: group(Object.fromEntries(fields), { meaning }),
    delivery: { behindMillis: onFull === 'block' ? 0 : WEEK_MILLIS, onFull },
    make: (given, { name, log, journalId }) => {
      const own = ownOptions(given, fields);
      return new DeferredSink(() => make(own as never, { name, log, journalId }));
    },
  };
}

/**
 * Converts a plugin's processor to a type of processor, which runs in a separate process.
 * @throws Error that describes invalid options
 */
export function pluginProcessorType(
  { type, meaning, options }: PluginProcessor,
  module: string,
): ProcessorType {
  const fields = pluginFields(options, everyProcessor, 'every processor');
  return {
    type,
    module,
    options: group(Object.fromEntries(fields), { meaning }),
    ownOptions: (given) => ownOptions(given, fields),
  };
}

function ownOptions(given: object, fields: readonly (readonly [string, unknown])[]) {
  return Object.fromEntries(fields.map(([key]) => [key, (given as Record<string, unknown>)[key]]));
}
