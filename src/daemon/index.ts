export {
  type ConfigResult,
  type ConfigSource,
  type CurveKeyPair,
  configReference,
  curvePublicKey,
  type DaemonConfig,
  defaultConfig,
  type Environment,
  exampleConfig,
  type Fault,
  formatFault,
  type HttpConfig,
  loadSecrets,
  nearest,
  newCurveKeyPair,
  type ParsedConfig,
  parseConfig,
  type Secrets,
  showAddress,
  showDuration,
  showSize,
} from './config/index.ts';
export { Daemon, type DaemonContext } from './daemon.ts';
export { type DataDirectory, type DataDirectoryError, openDataDirectory } from './data-directory.ts';
export { type DataLayout, dataLayout } from './data-layout.ts';
export { formatStatus } from './http/index.ts';
export type { LoadedConfig } from './loaded-config.ts';
export { deadLetterDirectory } from './running-sinks.ts';
export { listDeadLetters } from './sinks/index.ts';
export type { StatusReport } from './status-report.ts';
