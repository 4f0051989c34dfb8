// For a plain text file: no record ever overtakes another, as in Python's BurstLogging. Loud records wait for it.
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

// BurstLogging's own settings. Leave maxDelayMillis out, and a loud record waits for 10 seconds at most.
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
