import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnySinkType, Plugin } from '../component/index.ts';
import { problemText, systemClock } from '../record/index.ts';
import type { Extensions } from './extensions.ts';
import { pluginSinkType } from './plugin-sink-type.ts';
import { sinkTypes } from './sink-types.ts';

const LOAD_MILLIS = 10_000;
const TYPE = /^[a-z][a-z0-9-]{0,63}$/;

type Loaded = Pick<Extensions, 'sinkTypes' | 'pluginProblems'>;

/**
 * Loads the modules of plugins. What is wrong with one does not keep the others away.
 *
 * @param names paths, which begin with `.` or `/`, or names of packages
 * @param directory where relative paths begin, and packages are looked for first
 */
export async function loadPlugins(names: readonly string[], directory: string): Promise<Loaded> {
  const found: AnySinkType[] = [];
  const pluginProblems = new Map<string, string>();
  for (const name of new Set(names)) {
    try {
      for (const type of typesOf(await load(name, directory), found)) found.push(type);
    } catch (error) {
      pluginProblems.set(name, problemText(error).split('\n', 1)[0]!);
    }
  }
  return { sinkTypes: found, pluginProblems };
}

async function load(name: string, directory: string): Promise<unknown> {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`was not loaded within ${LOAD_MILLIS / 1e3} s`);
    cancel = systemClock.after(LOAD_MILLIS, () => reject(error));
  });
  try {
    const module: unknown = await Promise.race([import(urlOf(name, directory)), late]);
    // Of a CommonJS module the names are not always known.
    const { plugin, default: whole } = module as { readonly plugin?: unknown; readonly default?: unknown };
    return plugin ?? (whole as { readonly plugin?: unknown } | undefined)?.plugin;
  } finally {
    cancel();
  }
}

function urlOf(name: string, directory: string): string {
  if (/^\.{1,2}\//.test(name) || isAbsolute(name)) return pathToFileURL(resolve(directory, name)).href;
  try {
    return pathToFileURL(createRequire(join(directory, 'distlogd.yaml')).resolve(name)).href;
  } catch {
    // Beside this package: of a global installation, or one that has an entry for `import` only.
    return name;
  }
}

/** @throws Error that says what is not as the contract has it */
function typesOf(given: unknown, others: readonly AnySinkType[]): readonly AnySinkType[] {
  const { burstlog, sinks } = (given ?? {}) as Partial<Plugin>;
  if (burstlog === undefined)
    throw new Error('has no plugin: it must export { burstlog: 1, sinks: [...] } as plugin');
  if (burstlog !== 1) throw new Error(`is for version ${String(burstlog)} of the contract, expected 1`);
  if (!Array.isArray(sinks)) throw new Error('has no list of sinks');
  const found: AnySinkType[] = [];
  for (const sink of sinks as Plugin['sinks']) {
    const { type, options, make } = sink ?? {};
    if (typeof type !== 'string' || !TYPE.test(type)) {
      throw new Error(
        `has a sink whose type is not lowercase letters, digits and -: ${JSON.stringify(type)}`,
      );
    }
    const isTaken =
      [...others, ...found].some((other) => other.type === type) || Object.hasOwn(sinkTypes, type);
    if (isTaken) throw new Error(`has a sink of type ${type}, which there is already`);
    if (typeof make !== 'function') throw new Error(`has no make() for its sink ${type}`);
    if (typeof options !== 'object' || options === null)
      throw new Error(`has no options for its sink ${type}`);
    found.push(pluginSinkType(sink));
  }
  return found;
}
