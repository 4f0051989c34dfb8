// A slow span is a trigger too: the DEBUG records of slow requests show where the time was spent.
import { context } from '@opentelemetry/api';
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
const spanProcessors = [burst.spanProcessor({ slowerThanMillis: 500 })];
const tracer = new TracerProvider({ spanProcessors }).getTracer('shop');

/** Simulates a search that took this long, by setting the end time of the span. */
function search(words, tookMillis) {
  const startTime = Date.now();
  tracer.startActiveSpan('search', { startTime }, (span) => {
    const body = `"${words}" took ${tookMillis} ms`;
    logger.emit({ severityNumber: Severity.DEBUG, severityText: 'DEBUG', body });
    span.end(startTime + tookMillis);
  });
}

search('tea', 20);
search('tea or coffee', 900);
await burst.forceFlush();

// Output:
// DEBUG "tea or coffee" took 900 ms #1
// INFO burst released 1 record (span_slow), 0 lost
