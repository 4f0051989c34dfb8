// Logs from a function of the application, and prints where the records say it was.

import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { TaskLogRecordProcessor, task } from '../../../dist/esm/index.js';

const exporter = new InMemoryLogRecordExporter();
const provider = new LoggerProvider({
  processors: [new TaskLogRecordProcessor({ callSite: 'INFO' }), new SimpleLogRecordProcessor({ exporter })],
});
const logger = provider.getLogger('x');

function chargeCard() {
  logger.emit({ severityNumber: 9, body: 'charged' });
}

class Shop {
  async sell() {
    await Promise.resolve();
    logger.emit({ severityNumber: 9, body: 'sold' });
  }
}

chargeCard();
await task('goal', () => new Shop().sell());
logger.emit({ severityNumber: 5, body: 'quiet' });
const sites = exporter
  .getFinishedLogRecords()
  .map(({ body, attributes }) => [
    body,
    attributes['code.file.path'],
    attributes['code.line.number'],
    attributes['code.function.name'],
  ]);
console.log(JSON.stringify(sites));
