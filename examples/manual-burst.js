// A job calls discard() if it succeeded, and burst() if its records should be exported.
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

const burst = new BurstLogRecordProcessor({ exporter });
const logger = new LoggerProvider({ processors: [burst] }).getLogger('import');
const debug = (body) => logger.emit({ severityNumber: Severity.DEBUG, severityText: 'DEBUG', body });

/** Counts the lines that are not numbers. A few are no error, but many should be examined. */
function importNumbers(file, lines) {
  const bad = lines.filter((line) => Number.isNaN(Number(line)));
  for (const line of bad) debug(`${file}: "${line}" is no number`);
  if (bad.length > 1) burst.burst({ reason: `${bad.length} bad lines in ${file}` });
  else console.log(`${file} is fine, discarded: ${burst.discard()}`);
}

importNumbers('monday.csv', ['1', 'two', '3']);
importNumbers('tuesday.csv', ['one', 'two', '3']);
await burst.forceFlush();

// Output:
// monday.csv is fine, discarded: 1
// DEBUG tuesday.csv: "one" is no number #1
// DEBUG tuesday.csv: "two" is no number #2
// INFO burst released 2 records (manual), 0 lost
