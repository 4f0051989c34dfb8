import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnySinkType, Plugin, PluginProcessor, PluginSink } from '../component/index.ts';
import { problemText, systemClock } from '../record/index.ts';
import type { Extensions, ProcessorType } from './extensions.ts';
import { pluginProcessorType, pluginSinkType } from './plugin-types.ts';
import { sinkTypes } from './sink-types.ts';

const LOAD_MILLIS = 10_000;
const TYPE = /^[a-z][a-z0-9-]{0,63}$/;

type Loaded = Pick<Extensions, 'sinkTypes' | 'processorTypes' | 'pluginProblems'>;

/** The types of the plugins that have already been loaded. */
interface Found {
  readonly sinkTypes: AnySinkType[];
  readonly processorTypes: ProcessorType[];
}

/**
 * Loads the modules of plugins. An error in one does not affect the others.
 *
 * @param names paths, which begin with `.` or `/`, or names of packages
 * @param directory the base of relative paths, where packages are searched first
 */
export async function loadPlugins(names: readonly string[], directory: string): Promise<Loaded> {
  const found: Found = { sinkTypes: [], processorTypes: [] };
  const pluginProblems = new Map<string, string>();
  for (const name of new Set(names)) {
    try {
      const url = urlOf(name, directory);
      const more = typesOf(await load(url), url, found);
      found.sinkTypes.push(...more.sinkTypes);
      found.processorTypes.push(...more.processorTypes);
    } catch (error) {
      pluginProblems.set(name, problemText(error).split('\n', 1)[0]!);
    }
  }
  return { ...found, pluginProblems };
}

async function load(url: string): Promise<unknown> {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`did not load within ${LOAD_MILLIS / 1e3} s`);
    cancel = systemClock.after(LOAD_MILLIS, () => reject(error));
  });
  try {
    const module: unknown = await Promise.race([import(url), late]);
    // The named exports of a CommonJS module are not always detected.
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
    // Resolved from this package: for a global installation, or a package that exports only an `import`
    // entry.
    return name;
  }
}

/** @throws Error that describes the violation of the contract */
function typesOf(given: unknown, module: string, others: Found): Found {
  const { burstlog, sinks, processors } = (given ?? {}) as Partial<Plugin>;
  if (burstlog === undefined)
    throw new Error('does not export a plugin: expected { burstlog: 1, sinks: [...] } as plugin');
  if (burstlog !== 1)
    throw new Error(`is for version ${String(burstlog)} of the plugin contract, expected 1`);
  if (!Array.isArray(sinks ?? processors) || !Array.isArray(sinks ?? []) || !Array.isArray(processors ?? []))
    throw new Error('has no list of sinks or processors');
  const found: Found = { sinkTypes: [], processorTypes: [] };
  for (const sink of sinks ?? []) {
    check('sink', sink, [...others.sinkTypes, ...found.sinkTypes], sinkTypes);
    found.sinkTypes.push(pluginSinkType(sink));
  }
  for (const processor of processors ?? []) {
    check('processor', processor, [...others.processorTypes, ...found.processorTypes], {});
    found.processorTypes.push(pluginProcessorType(processor, module));
  }
  return found;
}

function check(
  what: 'sink' | 'processor',
  given: Partial<PluginSink | PluginProcessor> | null | undefined,
  others: readonly { readonly type: string }[],
  own: object,
): void {
  const { type, options, make } = given ?? {};
  if (typeof type !== 'string' || !TYPE.test(type)) {
    throw new Error(
      `has a ${what} whose type is not lowercase letters, digits and -: ${JSON.stringify(type)}`,
    );
  }
  const isTaken = others.some((other) => other.type === type) || Object.hasOwn(own, type);
  if (isTaken) throw new Error(`has a ${what} of type ${type}, which already exists`);
  if (typeof make !== 'function') throw new Error(`has no make() for its ${what} ${type}`);
  if (typeof options !== 'object' || options === null)
    throw new Error(`has no options for its ${what} ${type}`);
}
