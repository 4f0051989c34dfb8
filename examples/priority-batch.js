// Without bursts: a drop-in for BatchLogRecordProcessor. When its queue is full, it drops the least
// severe record first.
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { PriorityBatchLogRecordProcessor, RetryingLogRecordExporter, Severity } from 'burstlog';

const exporter = {
  export(records, done) {
    for (const { severityText, body } of records) console.log(severityText, body);
    done({ code: 0 });
  },
  shutdown: async () => {},
};

const batch = new PriorityBatchLogRecordProcessor({
  exporter: new RetryingLogRecordExporter({ exporter }),
  maxQueueSize: 3,
});
const provider = new LoggerProvider({ processors: [batch] });
const logger = provider.getLogger('shop');
const log = (name, body) => logger.emit({ severityNumber: Severity[name], severityText: name, body });

log('ERROR', 'the oven is on fire');
log('DEBUG', 'cake 1 is in');
log('INFO', 'the shop is open');
log('DEBUG', 'cake 2 is in'); // full: cake 1 goes, the quietest and oldest
log('WARN', 'no more flour'); // full again: cake 2 goes
await provider.shutdown();
const { received, delivered, failed } = batch.stats();
console.log(`received ${received}, delivered ${delivered}, lost to the full queue ${failed.queue_full}`);

// Output:
// ERROR the oven is on fire
// INFO the shop is open
// WARN no more flour
// received 5, delivered 3, lost to the full queue 2
