import { dirname } from 'node:path';
import { resolve } from '../settings/index.ts';
import { type ConfigurationFile, readConfigurationFile } from './configuration-file.ts';
import { setUpDiagnostics } from './diagnostics.ts';
import { readEnvironment } from './environment.ts';
import type { StartOptions } from './options.ts';
import { OtelEnvironment } from './otel-environment.ts';
import { Packages } from './packages.ts';
import { settings as definition, type Settings } from './settings.ts';

/** The inputs of a setup. */
export interface Surroundings {
  readonly settings: Settings;
  readonly environment: OtelEnvironment;
  readonly packages: Packages;
  /** The declarative configuration, which replaces the environment variables. */
  readonly file: ConfigurationFile | undefined;
  /** The application's entry file, if it is known. */
  readonly entry: string | undefined;
  /** The directory from which the application's package.json is searched. */
  readonly entryFolder: string;
  /** Reports a message to the operator of the application. */
  report(message: string): void;
}

/** @throws RangeError or TypeError if an option in code is invalid; the environment and files never throw */
export function surroundingsOf(options: StartOptions): Surroundings {
  const environment = options.environment ?? process.env;
  const report = setUpDiagnostics(environment);
  const entry = process.argv[1];
  const packages = new Packages(entry, report);
  const path = environment.OTEL_CONFIG_FILE?.trim();
  const file = path === undefined || path === '' ? undefined : readConfigurationFile(path, packages, report);
  return {
    settings: settingsOf(options, file, report),
    environment: new OtelEnvironment(file?.variables ?? environment, report),
    packages,
    file,
    entry,
    entryFolder: entry === undefined ? process.cwd() : dirname(entry),
    report,
  };
}

function settingsOf(
  options: StartOptions,
  file: ConfigurationFile | undefined,
  report: (message: string) => void,
): Settings {
  const { exporter, instrumentations, resourceAttributes, burst, environment, ...rest } = options;
  const given = {
    ...rest,
    exporter: typeof exporter === 'object' ? undefined : exporter,
    instrumentations: typeof instrumentations === 'object' ? true : instrumentations,
  };
  const fromCode = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const settings = resolve(definition, 'start', fromCode);
  const fromEnvironment = file?.settings ?? readEnvironment(definition, environment ?? process.env, report);
  try {
    return resolve(definition, 'start', { ...fromEnvironment, ...fromCode });
  } catch (error) {
    report(`the BURSTLOG_* variables are ignored: ${(error as Error).message}`);
    return settings;
  }
}
