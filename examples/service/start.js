// npm start: two services, two hundred customers, and what becomes of the log records of the eight that fail.
import { sendCustomers } from './customers.js';
import { startReceivingEnd } from './receiving-end.js';
import { printCounts, printLine, printProgress, printText, printTitle, printTree } from './report.js';
import { startService } from './service-process.js';

const orders = 200;

async function main() {
  printTitle('burstlog: DEBUG records stay in memory, and leave only when something goes wrong');
  const receivingEnd = await startReceivingEnd();
  printLine('Collector', `${receivingEnd.name}, ${receivingEnd.url}`);
  if (receivingEnd.reason !== undefined) printLine('', `(${receivingEnd.reason})`);
  const logsTo = { OTEL_EXPORTER_OTLP_ENDPOINT: receivingEnd.url };
  const payments = await startService('payments-service.js', logsTo);
  const checkout = await startService('checkout-service.js', { ...logsTo, PAYMENTS_URL: payments.url });
  printLine('Services', `checkout, ${checkout.url}, process ${checkout.pid}`);
  printLine('', `payments, ${payments.url}, process ${payments.pid}`);

  const onAnswer = (answered) => printProgress('Orders', answered, orders);
  const { paid, failed } = await sendCustomers(checkout.url, { orders, atOnce: 20, onAnswer });
  const stats = [await checkout.stats(), await payments.stats()];
  await checkout.stop();
  await payments.stop();
  const { records, files, cleanUp } = await receivingEnd.stop();

  printTitle(`${paid} orders were paid, ${failed} failed. What that gave in log records:`);
  printCounts(
    records,
    stats.reduce((sum, { held, passed }) => sum + held + passed, 0),
  );

  const [error] = records
    .filter((record) => record.severityText === 'ERROR')
    .sort((one, other) => one.attributes['order.id'] - other.attributes['order.id']);
  if (error === undefined) throw new Error(`${failed} orders failed, but no ERROR has arrived`);
  printTitle(`Order ${error.attributes['order.id']} failed. What it tried to do, in both services:`);
  printTree(files, error.traceId);
  await cleanUp();

  printTitle('What has happened');
  printText(`The tree says where it went wrong: the payments service asked the bank, and the bank refused. The DEBUG
    records say why: 16312 yen for a euro are a hundred times too many. They were waiting in the memory of two
    processes, and the errors brought them out. Those of the orders that were paid never left.`);
  printTitle('What to read next');
  printLine('README.md', 'how to use it, in twelve lines');
  printLine('docs/burst.md', 'how it holds and releases, and every option');
  printLine('docs/tasks.md', 'how logs become a tree of goals, across processes');
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
