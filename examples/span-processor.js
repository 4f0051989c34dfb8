// A span that ends with status ERROR is a trigger, also without an error record.
import { context, SpanStatusCode } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { TracerProvider } from '@opentelemetry/sdk-trace';
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

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const burst = new BurstLogRecordProcessor({ exporter });
const logger = new LoggerProvider({ processors: [burst] }).getLogger('shop');
const tracer = new TracerProvider({ spanProcessors: [burst.spanProcessor()] }).getTracer('shop');
const debug = (body) => logger.emit({ severityNumber: Severity.DEBUG, severityText: 'DEBUG', body });

tracer.startActiveSpan('send the invoice', (span) => {
  debug('invoice rendered, 3 pages');
  debug('the mail server answered 451');
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
});
await burst.forceFlush();

// Output:
// DEBUG invoice rendered, 3 pages #1
// DEBUG the mail server answered 451 #2
// INFO burst released 2 records (span_error), 0 lost
