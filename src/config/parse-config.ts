import { nearestTo, OptionReader } from '../settings/index.ts';
import { decode } from './characters.ts';
import { complete } from './complete.ts';
import { type ConfigError, ConfigErrors } from './config-error.ts';
import { crossCheck } from './cross-checks.ts';
import type { DaemonConfig, FileValues, Partly } from './daemon-config.ts';
import { definitionWith, withoutFile } from './definition.ts';
import type { Extensions } from './extensions.ts';
import { FileForm, type NamedFile } from './file-form.ts';
import { readYaml } from './read-yaml.ts';
import type { Environment } from './substitute.ts';

/** Where a configuration comes from. */
export interface ConfigSource {
  /** As messages name it, e.g. `distlogd.yaml`. */
  readonly fileName: string;
  /** What `${env:NAME}` refers to. */
  readonly environment: Environment;
  /** Where relative paths in it begin: the absolute path of the directory of the file. */
  readonly directory: string;
  /** A data directory that replaces the one of the file, e.g. of the command line. */
  readonly data?: string | undefined;
  readonly extensions?: Extensions | undefined;
}

/** A valid configuration. The files that it names were not read: `loadSecrets` does. */
export interface ParsedConfig {
  readonly config: DaemonConfig;
  readonly fileName: string;
  readonly files: readonly NamedFile[];
  readonly extensions: Extensions;
}

export type ConfigResult = ParsedConfig | { readonly errors: readonly ConfigError[] };

/**
 * Reads a configuration, checks all of it and reports every error at once. Reads no other file.
 * @param text YAML 1.2, at most 262,144 characters; bytes are UTF-8
 */
export function parseConfig(text: string | Uint8Array, source: ConfigSource): ConfigResult {
  const { fileName, directory, extensions = {} } = source;
  const errors = new ConfigErrors(fileName);
  const decoded = typeof text === 'string' ? text : decode(text, errors);
  const raw = decoded === undefined ? undefined : readYaml(decoded, source.environment, errors);
  if (raw === undefined) return { errors: errors.all() };
  const form = new FileForm(errors, directory);
  const values = new OptionReader(form).read(definitionWith(extensions), raw) as
    | Partly<FileValues>
    | undefined;
  const config = complete(values ?? {}, { directory, data: source.data, extensions });
  const has = (path: string) => {
    const [holder, key] = [path.slice(0, path.lastIndexOf('.')), path.slice(path.lastIndexOf('.') + 1)];
    return form.entries(nearestTo(holder, raw, form)!)?.some(([name]) => name === key) === true;
  };
  crossCheck({
    config,
    files: form.files,
    extensions,
    has,
    report: (path, message) =>
      form.report({ path, message, raw: nearestTo(path, raw, form), isAboutKey: true }),
  });
  // Without an error nothing is missing.
  return errors.none
    ? { config: config as DaemonConfig, fileName, files: form.files, extensions }
    : { errors: errors.all() };
}

/** The plugins that a configuration names, as far as that can be read. `parseConfig` reports what is wrong. */
export function pluginsIn(
  text: string | Uint8Array,
  { fileName, environment }: ConfigSource,
): readonly string[] {
  const errors = new ConfigErrors(fileName);
  const decoded = typeof text === 'string' ? text : decode(text, errors);
  const raw = decoded === undefined ? undefined : readYaml(decoded, environment, errors);
  const list = raw?.kind === 'map' ? raw.entries.get('plugins') : undefined;
  return list?.kind === 'list'
    ? list.items.flatMap((item) => (item.kind === 'scalar' ? [item.text] : []))
    : [];
}

/** What holds without a configuration file: every receiver on loopback, a file and the console. */
export function defaultConfig(source: Omit<ConfigSource, 'fileName' | 'environment'>): ParsedConfig {
  const result = parseConfig(withoutFile, { ...source, fileName: '(defaults)', environment: {} });
  if ('config' in result) return result;
  throw new Error(
    `the defaults are no valid configuration: ${result.errors.map((error) => error.message).join('; ')}`,
  );
}
