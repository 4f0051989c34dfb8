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

/** The source of a configuration. */
export interface ConfigSource {
  /** The name for messages, for example `distlogd.yaml`. */
  readonly fileName: string;
  /** The variables for `${env:NAME}`. */
  readonly environment: Environment;
  /** The absolute path of the directory of the file, to which paths in it are relative. */
  readonly directory: string;
  /** A data directory that overrides the one in the file, for example from the command line. */
  readonly data?: string | undefined;
  readonly extensions?: Extensions | undefined;
}

/** A valid configuration. The files that it names have not been read: `loadSecrets` reads them. */
export interface ParsedConfig {
  readonly config: DaemonConfig;
  readonly fileName: string;
  readonly files: readonly NamedFile[];
  readonly extensions: Extensions;
}

export type ConfigResult = ParsedConfig | { readonly errors: readonly ConfigError[] };

/** Reads a configuration, validates all of it and reports all errors at once. Reads no other file. */
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
  // Without errors, no value is missing.
  return errors.none
    ? { config: config as DaemonConfig, fileName, files: form.files, extensions }
    : { errors: errors.all() };
}

/** The plugins that a configuration names, as far as it can be read. `parseConfig` reports errors. */
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

/** The configuration without a file: all receivers on loopback, a file and the console. */
export function defaultConfig(source: Omit<ConfigSource, 'fileName' | 'environment'>): ParsedConfig {
  const result = parseConfig(withoutFile, { ...source, fileName: '(defaults)', environment: {} });
  if ('config' in result) return result;
  throw new Error(
    `the default configuration is invalid: ${result.errors.map((error) => error.message).join('; ')}`,
  );
}
