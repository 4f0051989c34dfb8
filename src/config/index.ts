export { type ConfigError, formatConfigError, type Position } from './config-error.ts';
export type { DaemonConfig, HttpConfig, SinkConfig } from './daemon-config.ts';
export { exampleConfig } from './example.ts';
export type { Extensions } from './extensions.ts';
export { configSchema } from './json-schema.ts';
export { loadPlugins } from './load-plugins.ts';
export {
  type ConfigResult,
  type ConfigSource,
  defaultConfig,
  type ParsedConfig,
  parseConfig,
  pluginsIn,
} from './parse-config.ts';
export { configReference } from './reference.ts';
export { type LoadedConfig, loadSecrets, Secrets } from './secrets.ts';
export { sinkTypeOf } from './sink-types.ts';
export type { Environment } from './substitute.ts';
export { wantedProcessors } from './wanted-processors.ts';
