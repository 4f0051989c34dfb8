/** `burstlog/zeromq`: records to distlogd over ZeroMQ. */

export { JsonSerializer, type LogSerializer, OtlpProtobufSerializer } from './distlog-json/index.ts';
export type { CurveClientKeys } from './net/index.ts';
export {
  ExportError,
  type ExportErrorCause,
  type ZmqExporterStats,
  ZmqLogRecordExporter,
  type ZmqLogRecordExporterOptions,
} from './zeromq/index.ts';
