/** `burstlog/stdout`: exports records to standard output. */
export type { OutputStream, StdoutLogRecordExporterOptions } from './stdout/options.ts';
export { StdoutLogRecordExporter } from './stdout/stdout-log-record-exporter.ts';
