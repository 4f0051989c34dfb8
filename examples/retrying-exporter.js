// A restart of the Collector loses no records: a failed export is retried, and later records wait for it.
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, Severity } from 'burstlog';

let attempts = 0;
// Fails twice, as OTLP/gRPC does while the Collector restarts: 14 is UNAVAILABLE.
const exporter = {
  export(records, done) {
    attempts += 1;
    console.log(`attempt ${attempts}, ${records.length} record(s)`);
    if (attempts <= 2) return done({ code: 1, error: Object.assign(new Error('UNAVAILABLE'), { code: 14 }) });
    for (const { severityText, body, attributes } of records) {
      const place = attributes['burst.sequence'];
      console.log(severityText, body, place ? `#${place}` : '');
    }
    done({ code: 0 });
  },
  shutdown: async () => {},
};

// It retries failed exports. By default the first wait is 1 second, and retrying ends after 5 minutes.
const delivery = { retry: { initialBackoffMillis: 20 } };
const burst = new BurstLogRecordProcessor({ exporter, delivery });
const logger = new LoggerProvider({ processors: [burst] }).getLogger('shop');
const log = (name, body) => logger.emit({ severityNumber: Severity[name], severityText: name, body });

log('DEBUG', 'the warehouse was asked twice');
log('ERROR', 'the warehouse does not answer');
await burst.forceFlush();
const { delivered, failed } = burst.stats();
console.log(`delivered ${delivered}, failed ${failed.export}`);

// Output:
// attempt 1, 3 record(s)
// attempt 2, 3 record(s)
// attempt 3, 3 record(s)
// ERROR the warehouse does not answer
// DEBUG the warehouse was asked twice #1
// INFO burst released 1 record (severity), 0 lost
// delivered 3, failed 0
