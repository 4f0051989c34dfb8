// An error that the caller handles causes no burst: it is logged at WARN, and DEBUG records stay in memory.
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  BurstLogRecordProcessor,
  registerLoggerProvider,
  Severity,
  TaskLogRecordProcessor,
  task,
  to,
} from 'burstlog';

const exporter = {
  export(records, done) {
    for (const { severityText, body } of records) console.log(severityText, body);
    done({ code: 0 });
  },
  shutdown: async () => {},
};
const burst = new BurstLogRecordProcessor({ exporter });
const provider = new LoggerProvider({ processors: [new TaskLogRecordProcessor(), burst] });
registerLoggerProvider(provider);
const logger = provider.getLogger('shop');

const isMiss = (error) => error.message === 'not in the cache';

await task('show page', async () => {
  try {
    await to('look into the cache', {}, { severity: 'DEBUG', expected: isMiss }, async () => {
      logger.emit({ severityNumber: Severity.DEBUG, body: 'key page/7' });
      throw new Error('not in the cache');
    });
  } catch {
    await to('read from the database', async () => {});
  }
});
await provider.shutdown();
console.log(`released ${burst.stats().released}`);

// Output:
// INFO show page
// WARN look into the cache failed: Error: not in the cache
// INFO read from the database
// INFO read from the database succeeded
// INFO show page succeeded
// released 0
