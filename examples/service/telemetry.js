// The set-up of logs, traces and metrics: this is the file to copy.
import { context, DiagConsoleLogger, DiagLogLevel, diag, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { BurstLogRecordProcessor, registerLoggerProvider, Severity, TaskLogRecordProcessor } from 'burstlog';
import { ZmqLogRecordExporter } from 'burstlog/zeromq';

const { DISTLOGD_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME } = process.env;
/** Whether to export spans and metrics to a Collector. */
const hasCollector = Boolean(OTEL_EXPORTER_OTLP_ENDPOINT) || !DISTLOGD_ENDPOINT;

/**
 * Starts logs, traces and metrics. They go to the Collector at `OTEL_EXPORTER_OTLP_ENDPOINT`, by default at
 * http://localhost:4317. With the variable `DISTLOGD_ENDPOINT` the logs go to that distlogd instead; if it is the only
 * one of the two, spans and metrics are not exported.
 *
 * @param {string} name of the service; the variable `OTEL_SERVICE_NAME` overrides it
 */
export function startTelemetry(name) {
  // Shows when an endpoint is unreachable, and when a record is lost.
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);

  const resource = defaultResource().merge(
    resourceFromAttributes({ 'service.name': OTEL_SERVICE_NAME || name }),
  );

  const readers = hasCollector
    ? [
        new PeriodicExportingMetricReader({
          exporter: new OTLPMetricExporter(),
          exportIntervalMillis: 10_000,
        }),
      ]
    : [];
  const meterProvider = new MeterProvider({ resource, readers });

  // Holds DEBUG records, exports all others, retries, and counts.
  const burst = new BurstLogRecordProcessor({
    exporter: DISTLOGD_ENDPOINT
      ? new ZmqLogRecordExporter({ endpoint: DISTLOGD_ENDPOINT })
      : new OTLPLogExporter(),
    // Bounds the shutdown if the endpoint is unreachable: Docker kills a container 10 seconds after SIGTERM.
    delivery: { shutdownTimeoutMillis: 8_000 },
    meterProvider,
  });
  // Adds the task to every record.
  const processors = [new TaskLogRecordProcessor(), burst];
  const loggerProvider = new LoggerProvider({ resource, processors });
  registerLoggerProvider(loggerProvider);

  // burst.spanProcessor() detects the end of a request, and failed spans.
  const spanProcessors = [burst.spanProcessor()];
  if (hasCollector) {
    const exporter = new OTLPTraceExporter({ timeoutMillis: 8_000 });
    spanProcessors.push(new BatchSpanProcessor({ exporter }));
  }
  const tracerProvider = new TracerProvider({ resource, spanProcessors });
  trace.setGlobalTracerProvider(tracerProvider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

  return {
    burst,
    log: severitiesByName(loggerProvider.getLogger(name)),
    /** Exports the queued records; await it before the process ends. */
    async shutdown() {
      await Promise.allSettled([tracerProvider.shutdown(), loggerProvider.shutdown()]);
      // Last, because it exports the counts of the records.
      await Promise.allSettled([meterProvider.shutdown()]);
    },
  };
}

/** OpenTelemetry's logger has one method, `emit`. This adds the usual methods. */
function severitiesByName(logger) {
  const at = (name) => (body, attributes) => {
    logger.emit({ severityNumber: Severity[name], severityText: name, body, attributes });
  };
  return { debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') };
}
