// The set-up of logs and traces: this is the file to copy.
import { context, DiagConsoleLogger, DiagLogLevel, diag, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { BurstLogRecordProcessor, registerLoggerProvider, Severity, TaskLogRecordProcessor } from 'burstlog';
import { ZmqLogRecordExporter } from 'burstlog/zeromq';

/**
 * Starts logs and traces. With the variable `DISTLOGD_ENDPOINT` the logs go to that distlogd; else where the usual
 * variable says, `OTEL_EXPORTER_OTLP_ENDPOINT`; without it to http://localhost:4317.
 *
 * @param {string} name of the service; the variable `OTEL_SERVICE_NAME` wins over it
 */
export function startTelemetry(name) {
  // Without this line nobody hears that a Collector is away, or that a record was lost.
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);

  const serviceName = process.env.OTEL_SERVICE_NAME || name;
  const resource = defaultResource().merge(resourceFromAttributes({ 'service.name': serviceName }));

  // Holds DEBUG, sends the rest, retries, and counts: all there is to do for the logs.
  const burst = new BurstLogRecordProcessor({
    exporter: exporter(),
    // Should the other end be away at the end: Docker kills a container 10 seconds after SIGTERM.
    delivery: { shutdownTimeoutMillis: 8_000 },
  });
  // Says on every record which task it belongs to.
  const processors = [new TaskLogRecordProcessor(), burst];
  const loggerProvider = new LoggerProvider({ resource, processors });
  registerLoggerProvider(loggerProvider);

  // Tells the burst when a request is over, and when its span failed.
  const tracerProvider = new TracerProvider({ resource, spanProcessors: [burst.spanProcessor()] });
  trace.setGlobalTracerProvider(tracerProvider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

  return {
    burst,
    log: severitiesByName(loggerProvider.getLogger(name)),
    /** Delivers what is on its way; to be awaited before the process ends. */
    async shutdown() {
      await tracerProvider.shutdown();
      await loggerProvider.shutdown();
    },
  };
}

function exporter() {
  const endpoint = process.env.DISTLOGD_ENDPOINT;
  return endpoint ? new ZmqLogRecordExporter({ endpoint }) : new OTLPLogExporter();
}

/** OpenTelemetry's logger has one method, `emit`. These are the names that people use. */
function severitiesByName(logger) {
  const at = (name) => (body, attributes) => {
    logger.emit({ severityNumber: Severity[name], severityText: name, body, attributes });
  };
  return { debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') };
}
