/** `burstlog/zeromq`: exports records to distlogd over ZeroMQ. */
export { JsonSerializer } from './distlog-json/json-serializer.ts';
export { type LogSerializer, OtlpProtobufSerializer } from './distlog-json/serializer.ts';
export type { CurveClientKeys } from './net/curve.ts';
export { ExportError, type ExportErrorCause } from './zeromq/export-error.ts';
export type { ZmqLogRecordExporterOptions } from './zeromq/exporter-options.ts';
export type { ZmqExporterStats } from './zeromq/exporter-stats.ts';
export { ZmqLogRecordExporter } from './zeromq/zmq-log-record-exporter.ts';
