import type { PluginOption, PluginOptions } from '../component/index.ts';
import {
  type AnyField,
  bytes,
  choice,
  count,
  flag,
  millis,
  number,
  parsed,
  path,
} from '../settings/index.ts';

/**
 * Converts the options of a plugin's component to fields, with the same checks and messages as built-in
 * options.
 *
 * @param shared the options that every component of this kind has
 * @param every the kind of component, for messages: `every sink`
 * @throws Error that describes invalid options
 */
export function pluginFields(
  options: PluginOptions,
  shared: object,
  every: string,
): readonly (readonly [name: string, field: AnyField])[] {
  const taken = Object.keys(options).find((name) => Object.hasOwn(shared, name));
  if (taken !== undefined) throw new Error(`has an option ${taken}, which ${every} has`);
  return Object.entries(options).map(([name, option]) => [name, fieldOf(name, option)] as const);
}

function fieldOf(name: string, option: PluginOption): AnyField {
  const { kind, min = 0, max, names = [], pattern = /^/, expected = 'a string' } = option;
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
      return parsed({ ...about, expected, parse: (text) => (matches(pattern, text) ? text : undefined) });
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

/** Tests a pattern, also one with the flags `g` and `y`, which keep a position. */
function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}
