// A held call of pino, and an error that releases it.
import { InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from 'burstlog';
import { withBurstlog } from 'burstlog/pino';
import pino from 'pino';

async function main() {
  const exporter = new InMemoryLogRecordExporter();
  const loggerProvider = new LoggerProvider({ processors: [new BurstLogRecordProcessor({ exporter })] });
  const log = pino(withBurstlog({ level: 'silent' }, { loggerProvider }));
  log.child({ order: 7 }).debug({ cart: 3 }, 'cart has %d items', 3);
  log.error('card was declined');
  await loggerProvider.forceFlush();
  const found = exporter.getFinishedLogRecords().find(({ body }) => body === 'cart has 3 items');
  console.log(JSON.stringify({ order: found.attributes.order, cart: found.attributes.cart }));
  await loggerProvider.shutdown();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
