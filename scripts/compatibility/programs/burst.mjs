// The processor, with the official in-memory exporter: an error releases the quiet records of its task.
import { InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from 'burstlog';

async function main() {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new BurstLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('shop');
  logger.emit({ severityNumber: 5, body: 'held' });
  console.log('before:', exporter.getFinishedLogRecords().length);
  logger.emit({ severityNumber: 17, body: 'an error' });
  await provider.forceFlush();
  console.log('after:', exporter.getFinishedLogRecords().length);
  await provider.shutdown();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
