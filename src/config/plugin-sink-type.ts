import {
  type AnySinkType,
  type ByCause,
  DeferredSink,
  type PluginOption,
  type PluginSink,
} from '../component/index.ts';
import {
  type AnyField,
  bytes,
  choice,
  count,
  flag,
  group,
  millis,
  number,
  parsed,
  path,
} from '../settings/index.ts';
import { deliveryOptions } from '../sinks/runner/index.ts';

const WEEK_MILLIS = 7 * 86_400_000;
const everySink = { name: 1, type: 1, ...deliveryOptions({ behindMillis: 0, onFull: 'skip' }) } as const;

/**
 * A plugin's sink as one of ours: its options with the same checks and messages, its errors kept to itself.
 * @throws Error with what is wrong with its options
 */
export function pluginSinkType({ type, meaning, options, onFull = 'skip', make }: PluginSink): AnySinkType {
  const shared = Object.keys(options).find((name) => Object.hasOwn(everySink, name));
  if (shared !== undefined) throw new Error(`has an option ${shared}, which every sink has`);
  const fields = Object.entries(options).map(([name, option]) => [name, fieldOf(name, option)] as const);
  return {
    type,
    options: group(Object.fromEntries(fields), { meaning }),
    delivery: { behindMillis: onFull === 'block' ? 0 : WEEK_MILLIS, onFull },
    make: (given, { name, log, journalId }) => {
      const own = Object.fromEntries(fields.map(([key]) => [key, (given as ByCause<never>)[key]]));
      return new DeferredSink(() => make(own as never, { name, log, journalId }));
    },
  };
}

function fieldOf(name: string, option: PluginOption): AnyField {
  const { kind, min = 0, max, names = [], pattern = /^/, expected = 'a text' } = option;
  const { meaning, isSecret, default: otherwise, isOptional = false } = option;
  const about = {
    meaning,
    isSecret,
    ...(otherwise === undefined ? {} : { default: otherwise as never }),
    ...(isOptional ? { absent: 'none' } : {}),
  };
  const bounds = { ...about, min, ...(max === undefined ? {} : { max }) };
  switch (kind) {
    case 'text':
      return parsed({ ...about, expected, parse: (text) => (fits(pattern, text) ? text : undefined) });
    case 'choice':
      return choice(names, about);
    case 'flag':
      return flag(about);
    case 'path':
      return path(about);
    case 'count':
      return count(bounds);
    case 'bytes':
      return bytes(bounds);
    case 'millis':
      return millis(bounds);
    case 'number':
      return number(bounds);
    default:
      throw new Error(`has an option ${name} of an unknown kind ${JSON.stringify(kind)}`);
  }
}

/** Also with the flags `g` and `y`, which remember a place. */
function fits(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}
