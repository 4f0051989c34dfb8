// Sends records with the exporter of OpenTelemetry: node send-http.js <url> <count> <compression>. It prints
// the results of its exports. (It does not work inside jest.)
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';

const [url, count, compression] = process.argv.slice(2);
const exporter = new OTLPLogExporter({
  url: String(url),
  compression: /** @type {any} */ (compression),
  headers: { authorization: 'Bearer secret-of-sixteen' },
});
/** @type {number[]} */
const codes = [];
const send = exporter.export.bind(exporter);
exporter.export = (records, done) =>
  send(records, (result) => {
    codes.push(result.code);
    done(result);
  });
const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
const logger = provider.getLogger('test');
for (let i = 0; i < Number(count); i++) logger.emit({ severityNumber: 9, body: `number ${i}` });
await provider.shutdown();
console.log(JSON.stringify(codes));
