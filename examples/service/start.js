// npm start: a service, two hundred customers, and what becomes of the log records of the eight that fail.
import { sendCustomers } from './customers.js';
import { startReceivingEnd } from './receiving-end.js';
import {
  printCounts,
  printLine,
  printProgress,
  printStory,
  printText,
  printTitle,
  storyOf,
} from './report.js';
import { startService } from './service-process.js';

const orders = 200;

async function main() {
  printTitle('burstlog: DEBUG records stay in memory, and leave only when something goes wrong');
  const receivingEnd = await startReceivingEnd();
  printLine('Collector', `${receivingEnd.name}, ${receivingEnd.url}`);
  if (receivingEnd.reason !== undefined) printLine('', `(${receivingEnd.reason})`);
  const service = await startService(receivingEnd.url);
  printLine('Service', `checkout, ${service.url}, process ${service.pid}`);

  const onAnswer = (answered) => printProgress('Orders', answered, orders);
  const { paid, failed } = await sendCustomers(service.url, { orders, atOnce: 20, onAnswer });
  const stats = await (await fetch(`${service.url}/stats`)).json();
  await service.stop();
  const records = await receivingEnd.stop();

  printTitle(`${paid} orders were paid, ${failed} failed. What that gave in log records:`);
  printCounts(records, stats.held + stats.passed);

  const [error] = records
    .filter((record) => record.severityText === 'ERROR')
    .sort((one, other) => one.attributes['order.id'] - other.attributes['order.id']);
  if (error === undefined) throw new Error(`${failed} orders failed, but no ERROR has arrived`);
  printTitle(`Order ${error.attributes['order.id']} failed. All its records, as the Collector got them:`);
  printStory(storyOf(records, error.traceId));

  printTitle('What has happened');
  printText(`The ERROR alone says that the bank refused the card. The DEBUG records before it say why: the shop
    took 16312 yen for a euro, a hundred times too many. They were waiting in memory, and the ERROR brought them
    out. Those of the orders that were paid never left the process.`);
  printTitle('What to read next');
  printLine('README.md', 'how to use it, in twelve lines');
  printLine('docs/burst.md', 'how it works, and every option');
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
