// Records of pino inside a task, through its official instrumentation.
import { createRequire } from 'node:module';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { registerLoggerProvider, TaskLogRecordProcessor, task } from 'burstlog';

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const exporter = new InMemoryLogRecordExporter();
const processors = [new TaskLogRecordProcessor(), new SimpleLogRecordProcessor({ exporter })];
registerLoggerProvider(new LoggerProvider({ processors }));
registerInstrumentations({ instrumentations: [new PinoInstrumentation()] });

// The instrumentation must be registered before the logger is loaded.
const pino = createRequire(import.meta.url)('pino');
const logger = pino({}, { write: () => {} });

const jobId = task('checkout', { user: 'leo' }, (job) => {
  logger.info({ amount: 42 }, 'card charged');
  return job.id;
});
setImmediate(() => {
  const record = exporter.getFinishedLogRecords().find(({ body }) => body === 'card charged');
  const { 'task.id': id, 'task.name': name, user } = record.attributes;
  console.log(record.severityNumber, record.body, JSON.stringify({ name, user }));
  console.log('of the task:', id === jobId, ', of its span:', record.spanContext.spanId === jobId);
});

// Output:
// 9 card charged {"name":"checkout","user":"leo"}
// of the task: true , of its span: true
