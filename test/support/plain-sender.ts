import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { type EmittedRecord, sender } from './every-kind-of-record.ts';

/**
 * Sends records by OTLP/gRPC with nothing but the SDK's own parts, and resolves when they have been exported or
 * lost. At most 2048 at a time, the queue of the SDK.
 */
export async function sendWithTheSdk(url: string, records: readonly EmittedRecord[]): Promise<void> {
  const exporter = new OTLPLogExporter({ url });
  const provider = new LoggerProvider({
    resource: resourceFromAttributes(sender.resource),
    processors: [new BatchLogRecordProcessor({ exporter })],
  });
  const { name, version, schemaUrl } = sender.scope;
  const logger = provider.getLogger(name, version, { schemaUrl });
  for (const record of records) logger.emit(record as Parameters<typeof logger.emit>[0]);
  await provider.forceFlush();
  await provider.shutdown();
}
