// Everything that hides a burst: the logger before its instrumentation, an exporter beside the burst, a minimum severity,
// no context manager, and another version of the API, in the directory of the first argument.
const pino = require('pino');
const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino');
const sdk = require('@opentelemetry/sdk-logs');
const { BurstLogRecordProcessor, registerLoggerProvider } = require('burstlog');
const { join } = require('node:path');

new PinoInstrumentation();
require(join(process.argv[2], 'node_modules/@opentelemetry/api'));
const exporter = new sdk.InMemoryLogRecordExporter();
// The SDKs of the lines take different options.
const { SimpleLogRecordProcessor, createLoggerConfigurator, LoggerProvider } = /** @type {any} */ (sdk);
const loggerConfigurator = createLoggerConfigurator?.([{ pattern: '*', config: { minimumSeverity: 9 } }]);
const provider = new LoggerProvider({
  processors: [
    new BurstLogRecordProcessor({ exporter: new sdk.InMemoryLogRecordExporter() }),
    new SimpleLogRecordProcessor(process.argv[3] === 'old' ? exporter : { exporter }),
  ],
  ...(loggerConfigurator && { loggerConfigurator }),
});
registerLoggerProvider(provider);
pino({ level: 'silent' }).info('nobody sees this');
provider.getLogger('shop').emit({ severityNumber: 9, body: 'order received' });
setImmediate(() => provider.shutdown());
