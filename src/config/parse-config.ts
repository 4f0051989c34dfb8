import { resolve } from 'node:path';
import type { DaemonConfig } from './daemon-config.ts';
import { type Fault, Faults } from './fault.ts';
import { readGiven } from './given.ts';
import { checkRelations } from './relations.ts';
import { type NamedFile, Resolver } from './resolve.ts';
import { schema, withoutFile } from './schema.ts';
import type { Environment } from './substitute.ts';

/** Where a configuration comes from. */
export interface ConfigSource {
  /** As messages name it, e.g. `distlogd.yaml`. */
  readonly fileName: string;
  /** What `${env:NAME}` refers to. */
  readonly environment: Environment;
  /** What relative paths in it begin at: the absolute path of the directory that the file lies in. */
  readonly directory: string;
  /** A data directory that counts instead of the file's, e.g. of the command line. */
  readonly data?: string | undefined;
}

/** A configuration that was found right. The files that it names were not looked at: `loadSecrets` does. */
export interface ParsedConfig {
  readonly config: DaemonConfig;
  readonly fileName: string;
  readonly files: readonly NamedFile[];
}

export type ConfigResult = ParsedConfig | { readonly faults: readonly Fault[] };

/**
 * Reads a configuration, checks all of it and tells every fault at once. Reads no file and asks nobody.
 * @param text YAML 1.2, at most 262,144 characters
 */
export function parseConfig(text: string, source: ConfigSource): ConfigResult {
  const faults = new Faults(source.fileName);
  const given = readGiven(text, source.environment, faults);
  if (given === undefined) return { faults: faults.all() };
  const resolver = new Resolver(faults, source.directory);
  const config = resolver.resolve(schema, given);
  if (config === undefined) return { faults: faults.all() };
  const data = source.data === undefined ? config.data : resolve(source.directory, source.data);
  const complete = { ...config, data: data ?? resolve(source.directory, '.distlogd') };
  resolver.derive(complete, complete.data);
  checkRelations({
    config: complete,
    data: complete.data,
    files: resolver.files,
    has: (path) => resolver.isGiven(path),
    fault: (path, message) => faults.add(resolver.placeOf(path), path, message),
  });
  if (!faults.none) return { faults: faults.all() };
  return { config: complete, fileName: source.fileName, files: resolver.files };
}

/** What holds without a configuration file: every receiver on loopback, a file and the console. */
export function defaultConfig(source: Omit<ConfigSource, 'fileName' | 'environment'>): ParsedConfig {
  const result = parseConfig(withoutFile, { ...source, fileName: '(defaults)', environment: {} });
  if ('config' in result) return result;
  throw new Error(
    `the defaults are no valid configuration: ${result.faults.map((fault) => fault.message).join('; ')}`,
  );
}
