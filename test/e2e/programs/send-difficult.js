// node send-difficult.js json|grpc URL: sends records that a server refuses, through a burst and through a batch
// processor, and prints what became of them. A program of its own: the exporter for HTTP does not run inside jest.
import { OTLPLogExporter as GrpcExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  BurstLogRecordProcessor,
  PriorityBatchLogRecordProcessor,
  Severity,
} from '../../../dist/esm/index.js';
import { difficult } from './difficult-records.js';

const [, , kind, url] = process.argv;
const newExporter = () => (kind === 'json' ? new JsonExporter({ url }) : new GrpcExporter({ url }));

const burst = new BurstLogRecordProcessor({ exporter: newExporter(), scope: 'global' });
const batch = new PriorityBatchLogRecordProcessor({ exporter: newExporter() });
for (const processor of [burst, batch]) {
  const provider = new LoggerProvider({ processors: [processor] });
  const logger = provider.getLogger('test');
  for (const [name, record] of difficult) {
    const attributes = { ...record.attributes, name };
    logger.emit({ body: name, severityNumber: Severity.DEBUG, ...record, attributes });
  }
  logger.emit({
    body: '\u20ac'.repeat(8_000_000),
    severityNumber: Severity.ERROR,
    attributes: { name: 'big' },
  });
  await provider.shutdown();
}
console.log(JSON.stringify({ burst: burst.stats(), batch: batch.stats() }));
