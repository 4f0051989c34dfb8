import { PriorityBatchLogRecordProcessor, RetryingLogRecordExporter } from '../export/index.ts';
import type { LogRecordExporterLike, LogRecordProcessorLike, SpanProcessorLike } from '../record/index.ts';
import { stdoutExporter, zmqExporter } from './log-exporters.ts';
import type { Packages } from './packages.ts';
import { pairsIn } from './pairs.ts';
import type { TraceSdk } from './trace-sdk.ts';

/** A part of a configuration file, as the official parser returns it. */
export interface Model {
  readonly [key: string]: unknown;
}

type OtlpPackage = Readonly<Record<'OTLPLogExporter' | 'OTLPTraceExporter', new (options: object) => object>>;

/** Creates the log record processor that a file names. The other properties of a burst are read elsewhere. */
export function logProcessorOf(model: unknown, packages: Packages): LogRecordProcessorLike {
  const [name, properties] = entryOf(model, 'LogRecordProcessor');
  if (name !== 'batch' && name !== 'simple' && name !== 'burst/development') {
    throw new Error(`unknown LogRecordProcessor name: "${name}"`);
  }
  const exporter = logExporterOf(properties.exporter, packages);
  const isComplete = 'worstCaseMillis' in exporter;
  return new PriorityBatchLogRecordProcessor({
    exporter: isComplete ? exporter : new RetryingLogRecordExporter({ exporter }),
    ...batchOptions(properties),
    ...(name === 'simple' ? { scheduledDelayMillis: 0 } : {}),
  });
}

/** Creates the log record exporter that a file names. */
export function logExporterOf(model: unknown, packages: Packages): LogRecordExporterLike {
  const [name, properties] = entryOf(model, 'LogRecordExporter');
  switch (name) {
    case 'otlp_http':
    case 'otlp_grpc':
      return otlpOf('logs', name, properties, packages) as LogRecordExporterLike;
    case 'otlp_file/development':
      return stdoutExporter('otlpJson');
    case 'console':
      return stdoutExporter('text');
    case 'zmq/development':
      return zmqExporter(textOf(properties.endpoint) ?? 'tcp://127.0.0.1:5011');
    default:
      throw new Error(`unknown LogRecordExporter name in configuration: "${name}"`);
  }
}

/** Creates the span processor that a file names. */
export function spanProcessorOf(model: unknown, packages: Packages, sdk: TraceSdk): SpanProcessorLike {
  const [name, properties] = entryOf(model, 'SpanProcessor');
  if (name !== 'batch' && name !== 'simple') throw new Error(`unknown SpanProcessor name: "${name}"`);
  const [exporter, settings] = entryOf(properties.exporter, 'SpanExporter');
  if (exporter === 'console') return sdk.console();
  if (exporter !== 'otlp_http' && exporter !== 'otlp_grpc') {
    throw new Error(`unknown SpanExporter name in configuration: "${exporter}"`);
  }
  return sdk.batched(otlpOf('trace', exporter, settings, packages), batchOptions(properties));
}

/** Reads an object with one key: the name of a component, and its properties. */
export function entryOf(model: unknown, type: string): readonly [name: string, properties: Model] {
  const entries = Object.entries((model ?? {}) as Model);
  if (entries.length !== 1) {
    const names = JSON.stringify(entries.map(([name]) => name));
    throw new Error(`invalid ${type} in configuration: must have exactly one entry: entries=${names}`);
  }
  const [name, properties] = entries[0]!;
  return [name, (properties ?? {}) as Model];
}

function otlpOf(
  signal: 'logs' | 'trace',
  name: 'otlp_http' | 'otlp_grpc',
  { encoding, endpoint, timeout, compression, headers, headers_list: list, tls }: Model,
  packages: Packages,
): object {
  const isGrpc = name === 'otlp_grpc';
  const suffix = isGrpc ? 'grpc' : encoding === 'json' ? 'http' : 'proto';
  const exporter = `@opentelemetry/exporter-${signal}-otlp-${suffix}`;
  const loaded = packages.load<OtlpPackage>(exporter);
  if (loaded === undefined) throw new Error(`${name} needs ${exporter}: npm i ${exporter}`);
  if (isGrpc && (headers ?? list ?? tls) != null) {
    throw new Error(`${name}: headers and tls are not supported here; set OTEL_EXPORTER_OTLP_* for them`);
  }
  if (tls != null) {
    throw new Error(`${name}: tls is not supported here; set OTEL_EXPORTER_OTLP_CERTIFICATE for it`);
  }
  const Exporter = signal === 'logs' ? loaded.OTLPLogExporter : loaded.OTLPTraceExporter;
  return new Exporter({
    ...(endpoint == null ? {} : { url: endpoint }),
    ...(timeout == null ? {} : { timeoutMillis: timeout }),
    ...(compression == null ? {} : { compression }),
    ...((headers ?? list) == null
      ? {}
      : { headers: { ...pairsIn(`${name}.headers_list`, list), ...headersOf(headers) } }),
  });
}

function headersOf(headers: unknown): Readonly<Record<string, string>> {
  const list = (Array.isArray(headers) ? headers : []) as readonly { name: string; value?: string | null }[];
  return Object.fromEntries(list.map(({ name, value }) => [name, value ?? '']));
}

const BATCH = {
  schedule_delay: 'scheduledDelayMillis',
  export_timeout: 'exportTimeoutMillis',
  max_queue_size: 'maxQueueSize',
  max_export_batch_size: 'maxExportBatchSize',
} as const;

function batchOptions(properties: Model): object {
  const given = Object.entries(BATCH).filter(([key]) => properties[key] != null);
  return Object.fromEntries(given.map(([key, option]) => [option, properties[key]]));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
