// Records of console inside a task, through its official instrumentation.
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { ConsoleInstrumentation } from '@opentelemetry/instrumentation-console';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { registerLoggerProvider, TaskLogRecordProcessor, task } from 'burstlog';

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const exporter = new InMemoryLogRecordExporter();
const processors = [new TaskLogRecordProcessor(), new SimpleLogRecordProcessor({ exporter })];
registerLoggerProvider(new LoggerProvider({ processors }));
registerInstrumentations({ instrumentations: [new ConsoleInstrumentation()] });

const jobId = task('checkout', { user: 'leo' }, (job) => {
  console.info('card charged');
  return job.id;
});
setImmediate(() => {
  const record = exporter.getFinishedLogRecords().find(({ body }) => body === 'card charged');
  const { 'task.id': id, 'task.name': name, user } = record.attributes;
  console.log(record.severityNumber, record.body, JSON.stringify({ name, user }));
  console.log('of the task:', id === jobId, ', of its span:', record.spanContext.spanId === jobId);
});

// Output:
// card charged
// 9 card charged {"name":"checkout","user":"leo"}
// of the task: true , of its span: true
