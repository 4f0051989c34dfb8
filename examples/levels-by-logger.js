// A level for each logger: records below it are not created, and are never part of a burst.
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

// The longest matching pattern applies: database.migration has its own level.
const level = { default: 'DEBUG', 'database.*': 'INFO', 'database.migration': 'TRACE' };
const burst = new BurstLogRecordProcessor({ exporter, level });
const provider = new LoggerProvider({ processors: [burst] });

for (const loggerName of ['shop', 'database.pool', 'database.migration']) {
  const logger = provider.getLogger(loggerName);
  for (const name of ['TRACE', 'DEBUG']) {
    const severityNumber = Severity[name];
    console.log(`${loggerName} ${name}: enabled is ${logger.enabled({ severityNumber })}`);
    logger.emit({ severityNumber, severityText: name, body: `said by ${loggerName}` });
  }
}
provider.getLogger('shop').emit({ severityNumber: Severity.ERROR, severityText: 'ERROR', body: 'a fault' });
await provider.shutdown();

// Output:
// shop TRACE: enabled is false
// shop DEBUG: enabled is true
// database.pool TRACE: enabled is false
// database.pool DEBUG: enabled is false
// database.migration TRACE: enabled is true
// database.migration DEBUG: enabled is true
// ERROR a fault
// DEBUG said by shop #1
// TRACE said by database.migration #2
// DEBUG said by database.migration #3
// INFO burst released 3 records (severity), 0 lost
