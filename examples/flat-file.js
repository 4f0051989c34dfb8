// For a plain text file: records are written in the order in which they were emitted, as in Python's BurstLogging. Loud
// records wait for this.
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, Severity } from 'burstlog';

const folder = mkdtempSync(join(tmpdir(), 'flat-file-'));
const file = join(folder, 'shop.log');
const exporter = {
  export(records, done) {
    const lines = records.map(({ severityText, body }) => `${severityText} ${body}\n`);
    appendFileSync(file, lines.join(''));
    done({ code: 0 });
  },
  shutdown: async () => {},
};

// The settings of BurstLogging. By default (maxDelayMillis), a loud record waits for at most 10 seconds.
const burst = new BurstLogRecordProcessor({
  exporter,
  order: 'chronological',
  after: false,
  limit: false,
  maxDelayMillis: Infinity,
  maxAgeMillis: Infinity,
});
const provider = new LoggerProvider({ processors: [burst] });
const logger = provider.getLogger('shop');
const log = (name, body) => logger.emit({ severityNumber: Severity[name], severityText: name, body });

log('DEBUG', 'cart loaded');
log('INFO', 'order 7 came');
log('DEBUG', 'the price list answered 404');
log('ERROR', 'no price for order 7');
await provider.shutdown();
console.log(readFileSync(file, 'utf8').trimEnd());
rmSync(folder, { recursive: true });

// Output:
// DEBUG cart loaded
// INFO order 7 came
// DEBUG the price list answered 404
// ERROR no price for order 7
// INFO burst released 2 records (severity), 0 lost
