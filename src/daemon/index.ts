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
export { type DataDirectory, type DataDirectoryError, openDataDirectory } from './data-directory.ts';
export { type DataLayout, dataLayout } from './data-layout.ts';
export type { StatusReport } from './status-report.ts';
