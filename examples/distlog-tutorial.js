// The program of distlog's tutorial: a task, a step, and records inside them.
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { registerLoggerProvider, Severity, TaskLogRecordProcessor, task, to } from 'burstlog';

const exporter = new InMemoryLogRecordExporter();
const processors = [new TaskLogRecordProcessor(), new SimpleLogRecordProcessor({ exporter })];
const provider = new LoggerProvider({ processors });
registerLoggerProvider(provider);
const logger = provider.getLogger('tutorial');
const info = (body) => logger.emit({ severityNumber: Severity.INFO, severityText: 'INFO', body });

task('toplevel', { user: 'leo' }, () => {
  info('into task');
  to('subtask', { arg: 42 }, (job) => {
    info('into subtask');
    job.success('subtask done');
  });
});
info('all done');

for (const { body, attributes } of exporter.getFinishedLogRecords()) {
  const { 'task.name': name, 'task.sequence': sequence, user, arg } = attributes;
  console.log(body, name === undefined ? '' : `(${name} #${sequence})`, JSON.stringify({ user, arg }));
}

// Output:
// toplevel (toplevel #1) {"user":"leo"}
// into task (toplevel #2) {"user":"leo"}
// subtask (subtask #1) {"user":"leo","arg":42}
// into subtask (subtask #2) {"user":"leo","arg":42}
// subtask done (subtask #3) {"user":"leo","arg":42}
// toplevel succeeded (toplevel #3) {"user":"leo"}
// all done  {}
