export { type StdoutLogRecordExporterOptions, stdoutOptions } from './options.ts';
export { StdoutLogRecordExporter } from './stdout-log-record-exporter.ts';
