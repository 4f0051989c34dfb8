// Two concurrent orders, each with its own trace. One fails, and only its own DEBUG records are exported.
import { setImmediate as nextTurn } from 'node:timers/promises';
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
const log = (name, body) => logger.emit({ severityNumber: Severity[name], severityText: name, body });

// With the span processor, the held records of a trace are discarded when its last span has ended.
const spanProcessors = [burst.spanProcessor({ lingerMillis: 0 })];
const tracer = new TracerProvider({ spanProcessors }).getTracer('shop');

async function order(customer, card) {
  await tracer.startActiveSpan('order', async (span) => {
    log('DEBUG', `${customer}: cart loaded`);
    await nextTurn();
    log('DEBUG', `${customer}: the card is ${card}`);
    if (card === 'expired') log('ERROR', `${customer}: order failed`);
    span.end();
  });
}

await Promise.all([order('Ann', 'valid'), order('Bob', 'expired')]);
await burst.forceFlush();
console.log(`discarded without a trigger: ${burst.stats().discarded}`);

// Output:
// ERROR Bob: order failed
// DEBUG Bob: cart loaded #1
// DEBUG Bob: the card is expired #2
// INFO burst released 2 records (severity), 0 lost
// discarded without a trigger: 2
