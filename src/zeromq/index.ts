export { ExportError, type ExportErrorCause } from './export-error.ts';
export type { ZmqLogRecordExporterOptions } from './exporter-options.ts';
export type { ZmqExporterStats } from './exporter-stats.ts';
export { ZmqLogRecordExporter } from './zmq-log-record-exporter.ts';
