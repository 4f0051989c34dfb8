// npm start: two services, a daemon, and two hundred orders, of which eight fail and release their DEBUG records.
import { sendCustomers } from './customers.js';
import { startDaemon } from './daemon-process.js';
import { printCounts, printLastFailed, printLine, printProgress, printText, printTitle } from './report.js';
import { startService } from './service-process.js';

const orders = 200;

async function main() {
  printTitle('burstlog: DEBUG records stay in memory, and are exported only when something goes wrong');
  const daemon = await startDaemon();
  printLine('distlogd', `${daemon.endpoint}, process ${daemon.pid}`);
  printLine('sends to', `a file, and a Collector: ${daemon.collector}`);
  // Without a Collector, spans and metrics are not exported.
  const endpoints = {
    DISTLOGD_ENDPOINT: daemon.endpoint,
    OTEL_EXPORTER_OTLP_ENDPOINT: daemon.otlpEndpoint ?? '',
  };
  const payments = await startService('payments-service.js', endpoints);
  const checkout = await startService('checkout-service.js', { ...endpoints, PAYMENTS_URL: payments.url });
  printLine('Services', `checkout, ${checkout.url}, process ${checkout.pid}`);
  printLine('', `payments, ${payments.url}, process ${payments.pid}`);

  const onAnswer = (answered) => printProgress('Orders', answered, orders);
  const { paid, failed } = await sendCustomers(checkout.url, { orders, atOnce: 20, onAnswer });
  const stats = [await checkout.stats(), await payments.stats()];
  await checkout.stop();
  await payments.stop();
  const { records: all, collected, file, cleanUp } = await daemon.stop();
  // The daemon's own records are in the same file.
  const records = all.filter(({ resource }) => resource.attributes['service.name'] !== 'distlogd');

  printTitle(`${paid} orders were paid, ${failed} failed. Their log records:`);
  printCounts(
    records,
    stats.reduce((sum, { held, passed }) => sum + held + passed, 0),
  );

  if (collected !== undefined) {
    printLine('Collector', `received ${collected.records} of the ${all.length} records in the file`);
    printLine('', `and ${collected.spans.toLocaleString('en')} spans, sent by the services directly`);
  }

  printTitle('What did the last order that failed try to do? $ distlog tree --last-failed records.jsonl');
  printLastFailed(file);
  await cleanUp();

  printTitle('What has happened');
  printText(`The tree shows where the order failed: the bank refused the request of the payments service. The DEBUG
    records show why: 16312 yen for a euro is a hundred times too much. They were held in the memory of two
    processes, and the errors released them. The DEBUG records of successful orders were never exported.`);
  printTitle('What to read next');
  printLine('README.md', 'how to use it');
  printLine('docs/burst.md', 'how records are held and released, with every option');
  printLine('docs/tasks.md', 'logs as a tree of tasks, across processes');
  printLine('docs/distlogd.md', 'the daemon: receivers, journal, sinks');
  printLine(
    'docs/reader.md',
    'distlog: find, tail, tree, tasks, bursts, and an MCP server for coding assistants',
  );
  printLine(
    'examples/',
    'one small program for each feature; service/telemetry.js is the set-up of this one',
  );
}

// process.exit ends what has been started, too.
process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
try {
  await main();
} catch (error) {
  const cause = error.cause ? ` (${error.cause.message || error.cause.code})` : '';
  console.error(`\nnpm start failed: ${error.message}${cause}`);
  process.exit(1);
}
