// OTLP/JSON lines on standard output.
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from 'burstlog';
import { StdoutLogRecordExporter } from 'burstlog/stdout';

async function main() {
  const exporter = new StdoutLogRecordExporter({ format: 'otlpJson' });
  const provider = new LoggerProvider({ processors: [new BurstLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('shop');
  logger.emit({ severityNumber: 5, body: 'held' });
  logger.emit({ severityNumber: 17, body: 'an error' });
  await provider.shutdown();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
