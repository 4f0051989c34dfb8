// Wraps an existing processor: released records are passed to it, and it exports them as before.
import { BatchLogRecordProcessor, InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, Severity } from 'burstlog';

const exporter = new InMemoryLogRecordExporter();
const batch = new BatchLogRecordProcessor({ exporter });
const burst = new BurstLogRecordProcessor({ processor: batch, capacity: 5_000 });
// Only the burst is registered. If batch were too, it would export every DEBUG record.
const provider = new LoggerProvider({ processors: [burst] });

const logger = provider.getLogger('import');
const log = (name, body) => logger.emit({ severityNumber: Severity[name], severityText: name, body });

// More than the 2,048 records that fit into the queue of batch, which drops silently. The burst awaits its flushes.
for (let line = 1; line <= 5_000; line += 1) log('DEBUG', `line ${line} read`);
log('ERROR', 'line 5001 is no number');
await provider.forceFlush();

const records = exporter.getFinishedLogRecords();
console.log(`exported: ${records.length}`);
for (const { severityText, body, attributes } of [...records.slice(0, 2), ...records.slice(-2)]) {
  const place = attributes['burst.sequence'];
  console.log(severityText, body, place ? `#${place}` : '');
}

// Output:
// exported: 5002
// ERROR line 5001 is no number
// DEBUG line 1 read #1
// DEBUG line 5000 read #5000
// INFO burst released 5000 records (severity), 0 lost
