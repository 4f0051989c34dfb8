// Sends a record to distlogd over ZeroMQ, in mode ack.
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from 'burstlog';
import { ZmqLogRecordExporter } from 'burstlog/zeromq';

async function main() {
  const { ENDPOINT_ACK: endpoint, MARK: mark } = process.env;
  const exporter = new ZmqLogRecordExporter({ endpoint, mode: 'ack' });
  const burst = new BurstLogRecordProcessor({ exporter });
  const provider = new LoggerProvider({ processors: [burst] });
  provider.getLogger('shop').emit({ severityNumber: 17, body: mark });
  await provider.forceFlush();
  const failed = Object.values(burst.stats().failed).reduce((sum, count) => sum + count, 0);
  console.log('failed:', failed);
  await provider.shutdown();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
