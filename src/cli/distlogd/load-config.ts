import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  type ConfigError,
  defaultConfig,
  formatConfigError,
  type LoadedConfig,
  loadPlugins,
  loadSecrets,
  type ParsedConfig,
  parseConfig,
  pluginsIn,
} from '../../config/index.ts';
import { loadPatterns } from '../../ottl/index.ts';
import type { CommandOptions, Given } from '../command.ts';
import type { Io } from '../io.ts';

/** The options of every command that reads a configuration. */
export const configOptions = {
  config: {
    type: 'string',
    short: 'c',
    value: 'FILE',
    help: 'the configuration (YAML); without it all receivers listen on loopback, with data in ./.distlogd',
  },
  data: {
    type: 'string',
    value: 'DIRECTORY',
    help: 'the data directory, instead of the one in the configuration',
  },
} as const satisfies CommandOptions;

export type GivenConfig = Given<typeof configOptions>['values'];

/** Reads the files of `--config` and `--data`, and prints errors. @returns undefined if there are any */
export async function readConfig(
  { config: name, data }: GivenConfig,
  io: Io,
): Promise<ParsedConfig | undefined> {
  const override = data !== undefined ? resolve(io.directory, data) : undefined;
  if (name === undefined) return defaultConfig({ directory: io.directory, data: override });
  const path = resolve(io.directory, name);
  const text = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const why: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'permission denied',
      EISDIR: 'it is a directory',
    };
    io.alarm(`the configuration ${name} cannot be read: ${why[error.code ?? ''] ?? error.message}`);
    return undefined;
  });
  if (text === undefined) return undefined;
  const directory = dirname(path);
  const source = { fileName: name, environment: io.environment, directory, data: override };
  const plugins = await loadPlugins(pluginsIn(text, source), directory);
  const result = parseConfig(text, { ...source, extensions: { ...plugins, patterns: await loadPatterns() } });
  if ('config' in result) return result;
  printErrors(result.errors, io);
  return undefined;
}

/** Like `readConfig()`, including keys, tokens and certificates. */
export async function loadConfig(given: GivenConfig, io: Io): Promise<LoadedConfig | undefined> {
  const parsed = await readConfig(given, io);
  if (parsed === undefined) return undefined;
  const loaded = await loadSecrets(parsed);
  if ('secrets' in loaded) {
    return { config: parsed.config, secrets: loaded.secrets, extensions: parsed.extensions };
  }
  printErrors(loaded.errors, io);
  return undefined;
}

export function printErrors(errors: readonly ConfigError[], io: Io): void {
  for (const error of errors) io.alarm(formatConfigError(error));
  io.err(errors.length === 1 ? '1 error' : `${errors.length} errors`);
}
