export type {
  ClientTlsConfig,
  ConsoleSinkConfig,
  CurveConfig,
  DaemonConfig,
  FileSinkConfig,
  HttpConfig,
  JournalConfig,
  OtlpReceiverConfig,
  OtlpSinkConfig,
  OwnRecordsConfig,
  ReceiversConfig,
  ServerTlsConfig,
  ShutdownConfig,
  SinkCommonConfig,
  SinkConfig,
  ZmqAckConfig,
  ZmqPushConfig,
} from './daemon-config.ts';
export { exampleConfig } from './example.ts';
export { type Fault, formatFault, type Position } from './fault.ts';
export {
  type ConfigResult,
  type ConfigSource,
  defaultConfig,
  type ParsedConfig,
  parseConfig,
} from './parse-config.ts';
export { configReference } from './reference.ts';
export { loadSecrets, Secrets } from './secrets.ts';
export type { Environment } from './substitute.ts';
