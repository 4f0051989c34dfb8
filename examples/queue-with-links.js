// One batch serves many requests. It cannot be the child of all of them, so it starts a trace with links to each.
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { importTask, registerLoggerProvider, TaskLogRecordProcessor, task } from 'burstlog';

const exporter = new InMemoryLogRecordExporter();
const processors = [new TaskLogRecordProcessor(), new SimpleLogRecordProcessor({ exporter })];
registerLoggerProvider(new LoggerProvider({ processors }));

const queue = [];
for (const order of [1, 2, 3]) {
  task('take order', { order }, (job) => {
    const message = { order, headers: {} };
    job.inject(message.headers);
    queue.push(message);
  });
}

const senders = queue.map(({ headers }) => headers);
await importTask(senders, 'write batch', { orders: queue.length }, { link: true }, async (job) => {
  job.success('wrote %d orders', queue.length);
});

const records = exporter.getFinishedLogRecords();
const batch = records.find(({ body }) => body === 'write batch');
const linked = batch.attributes['task.links'].map((traceparent) => {
  const sender = records.find(({ spanContext }) => traceparent.includes(spanContext.traceId));
  return `${sender.attributes['task.name']} ${sender.attributes.order}`;
});
console.log(`${batch.body} is linked to: ${linked.join(', ')}`);

// Output:
// write batch is linked to: take order 1, take order 2, take order 3
