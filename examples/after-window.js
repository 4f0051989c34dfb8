// The records after an error matter too: within the after-window DEBUG records are exported directly, then they are
// held again.
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, Severity } from 'burstlog';

const exporter = {
  export(records, done) {
    for (const { severityText, body, attributes } of records) {
      const place = attributes['burst.sequence'];
      console.log(severityText, body, place ? `#${place}` : '');
    }
    done({ code: 0 });
  },
  shutdown: async () => {},
};

// The default is 100 records or 10 seconds, whichever is reached first.
const burst = new BurstLogRecordProcessor({ exporter, after: { records: 2, millis: 10_000 } });
const provider = new LoggerProvider({ processors: [burst] });
const logger = provider.getLogger('shop');
const log = (name, body) => logger.emit({ severityNumber: Severity[name], severityText: name, body });

log('DEBUG', 'before the error');
log('ERROR', 'the till is stuck');
await burst.forceFlush();
log('DEBUG', 'after it: the till was shaken');
log('DEBUG', 'after it: the till is open');
log('DEBUG', 'long after it: the next customer'); // held again
await burst.forceFlush();
const { released, passed, holding } = burst.stats();
console.log(`released ${released}, passed ${passed}, held again ${holding}`);

// Output:
// ERROR the till is stuck
// DEBUG before the error #1
// INFO burst released 1 record (severity), 0 lost
// DEBUG after it: the till was shaken
// DEBUG after it: the till is open
// released 1, passed 2, held again 1
