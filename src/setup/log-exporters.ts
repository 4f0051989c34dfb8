import type { LogRecordExporterLike } from '../record/index.ts';
import { LazyExporter } from './lazy-exporter.ts';
import type { OtelEnvironment } from './otel-environment.ts';
import { otlpExporter } from './otlp-exporters.ts';
import type { Packages } from './packages.ts';
import type { Settings } from './settings.ts';

/** The default address of distlogd. */
const DISTLOGD = 'tcp://127.0.0.1:5011';
/** The traits of `StdoutLogRecordExporter`. */
const STDOUT_TRAITS = { worstCaseMillis: 0 };
/** The traits of `ZmqLogRecordExporter`. */
const ZMQ_TRAITS = { maxConcurrentExports: 8, worstCaseMillis: 300_000 };

/**
 * Returns the log record exporters of the setting `exporter`, or of `OTEL_LOGS_EXPORTER`. Empty: no export.
 */
export function logExporters(
  settings: Settings,
  environment: OtelEnvironment,
  packages: Packages,
): readonly LogRecordExporterLike[] {
  switch (settings.exporter) {
    case 'none':
      return [];
    case 'zmq':
      return [zmqExporter(settings.endpoint ?? DISTLOGD)];
    case 'stdout':
      return [stdoutExporter(settings.stdoutFormat)];
    case 'otlp':
      return [otlpOrStdout(settings, environment, packages)];
    case undefined:
      return byEnvironment(settings, environment, packages);
  }
}

function byEnvironment(
  settings: Settings,
  environment: OtelEnvironment,
  packages: Packages,
): readonly LogRecordExporterLike[] {
  const names = environment.choices('OTEL_LOGS_EXPORTER', ['otlp', 'console', 'none']) ?? [];
  if (names.includes('none')) return [];
  return (names.length === 0 ? ['otlp'] : names).map((name) =>
    name === 'console' ? stdoutExporter('text') : otlpOrStdout(settings, environment, packages),
  );
}

/**
 * Without an OTLP exporter the records are written to standard output, so that the first burst is visible.
 */
function otlpOrStdout(
  { endpoint, stdoutFormat }: Settings,
  environment: OtelEnvironment,
  packages: Packages,
): LogRecordExporterLike {
  const consequence = 'log records are written to standard output instead';
  const exporter = otlpExporter('logs', environment, packages, consequence, endpoint);
  return (exporter as LogRecordExporterLike | undefined) ?? stdoutExporter(stdoutFormat);
}

/** Exports records to standard output. */
export function stdoutExporter(format: Settings['stdoutFormat']): LogRecordExporterLike {
  return new LazyExporter(
    import('../stdout/index.ts').then(
      ({ StdoutLogRecordExporter }) => new StdoutLogRecordExporter({ format }),
    ),
    STDOUT_TRAITS,
  );
}

/** Exports records to distlogd. */
export function zmqExporter(endpoint: string): LogRecordExporterLike {
  return new LazyExporter(
    import('../zeromq/index.ts').then(({ ZmqLogRecordExporter }) => new ZmqLogRecordExporter({ endpoint })),
    ZMQ_TRAITS,
  );
}
