// DEBUG lines of pino that are exported only if the request fails. Standard output stays at INFO, and held lines are
// not serialized. It works together with pino's official instrumentation, which exports the written lines.
import { createRequire } from 'node:module';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, registerLoggerProvider } from 'burstlog';
import { withBurstlog } from 'burstlog/pino';

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const exporter = new InMemoryLogRecordExporter();
const provider = new LoggerProvider({ processors: [new BurstLogRecordProcessor({ exporter })] });
registerLoggerProvider(provider);
registerInstrumentations({ instrumentations: [new PinoInstrumentation()] });

const pino = createRequire(import.meta.url)('pino');
const written = [];
const logger = pino(withBurstlog({ level: 'info' }), { write: (line) => written.push(JSON.parse(line).msg) });

function request(number, fails) {
  const span = { traceId: String(number).repeat(32), spanId: '1'.repeat(16), traceFlags: 1 };
  context.with(trace.setSpanContext(context.active(), span), () => {
    const log = logger.child({ order: number });
    log.debug({ items: 3 }, 'cart read');
    log.debug('price is %d', 42);
    if (fails) log.error('card was declined');
    else log.info('done');
  });
}

request(1, false);
request(2, true);
await provider.forceFlush();
for (const { body, attributes } of exporter.getFinishedLogRecords()) {
  console.log(body, attributes.order ?? '', attributes['burst.sequence'] ?? '');
}
console.log('written:', written.join(', '));
await provider.shutdown();

// Output:
// done 1
// card was declined 2
// cart read 2 1
// price is 42 2 2
// burst released 2 records (severity), 0 lost
// written: done, card was declined
