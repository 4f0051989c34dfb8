// An application that exports and then ends in a certain way. Arguments: mode, endpoint, ending.
// The ending 'awaited flush' waits for nothing else: Node ends such a program with code 13 if nothing keeps it alive.
import { ZmqLogRecordExporter } from '../../../dist/esm/zeromq.js';

const [mode, endpoint = '', ending] = process.argv.slice(2);
const exporter = new ZmqLogRecordExporter({
  endpoint,
  mode: mode === 'push' ? 'push' : 'ack',
  serializer: { contentType: '', encoding: 'O', serialize: () => Buffer.alloc(100_000) },
  shutdownTimeoutMillis: 300,
});
/** @type {any[]} */
const records = [{}];
for (let at = 0; at < 8; at++) exporter.export(records, () => {});
// Gives the connection and the frames time.
await new Promise((resolve) => setTimeout(resolve, 150));
process.send?.('ends');
if (ending === 'exit') process.exit(0);
if (ending === 'throw') throw new Error('uncaught');
if (ending === 'shutdown') {
  await exporter.shutdown();
  await exporter.shutdown();
}
if (ending === 'flush') await Promise.race([exporter.forceFlush(), exporter.shutdown()]);
if (ending === 'awaited flush') await exporter.forceFlush({ timeoutMillis: 200 });
if (ending === 'sigterm') {
  setInterval(() => {}, 1000);
  process.kill(process.pid, 'SIGTERM');
}
// Otherwise: the natural end.
