// What starts an OpenTelemetry SDK before burstlog: providers with processors of its own, as NodeSDK registers them.
const { createRequire } = require('node:module');
/** @type {any} */
const api = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
/** @type {any} */
const { BatchLogRecordProcessor, LoggerProvider } = require('@opentelemetry/sdk-logs');
/** @type {any} */
const { SimpleSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino');
const { WinstonInstrumentation } = require('@opentelemetry/instrumentation-winston');

/**
 * @param {string} kind
 * @param {(item: any) => string} nameOf
 */
const show = (kind, nameOf) => ({
  export(/** @type {any[]} */ items, /** @type {(result: object) => void} */ done) {
    for (const item of items) process.stdout.write(`${kind} ${nameOf(item)}\n`);
    done({ code: 0 });
  },
  forceFlush: async () => {},
  shutdown: async () => {},
});
const exporter = show('log', ({ body }) => body);
const logs = new LoggerProvider({
  // Older SDKs take the exporter itself, newer ones an object with it.
  processors: [new BatchLogRecordProcessor(Object.assign(exporter, { exporter }))],
});
const traces = new TracerProvider({
  spanProcessors: [new SimpleSpanProcessor({ exporter: show('span', ({ name }) => name) })],
});
registerInstrumentations({ instrumentations: [new PinoInstrumentation(), new WinstonInstrumentation()] });
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
api.trace.setGlobalTracerProvider(traces);
const logsApi = api.logs ?? createRequire(__filename)('@opentelemetry/api-logs').logs;
logsApi.setGlobalLoggerProvider(logs);
process.once('beforeExit', () => Promise.all([logs.shutdown(), traces.shutdown()]));
