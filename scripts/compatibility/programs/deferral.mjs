// The provider in front of the SDK holds records before the SDK creates them.
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLoggerProvider } from 'burstlog';

async function main() {
  let made = 0;
  const processor = {
    onEmit() {
      made += 1;
    },
    async forceFlush() {},
    async shutdown() {},
  };
  const provider = new LoggerProvider({ processors: [processor] });
  const front = new BurstLoggerProvider({ provider });
  const logger = front.getLogger('shop');
  logger.emit({ severityNumber: 5, body: 'held' });
  console.log('before:', made);
  logger.emit({ severityNumber: 17, body: 'an error' });
  await front.forceFlush();
  console.log('after:', made);
  await front.shutdown();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
