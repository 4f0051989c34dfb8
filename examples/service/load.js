// Sends orders without end, for services that keep running, such as those of docker-compose.yml.
//
//   CHECKOUT_URL=http://127.0.0.1:8080 ORDERS_PER_SECOND=5 node examples/service/load.js
import { setInterval as every } from 'node:timers/promises';
import { orderOf, send } from './customers.js';

const url = process.env.CHECKOUT_URL || 'http://127.0.0.1:8080';
const perSecond = Number(process.env.ORDERS_PER_SECOND || 5);
/** The most concurrent requests, so that a hung service does not cause an unlimited number. */
const mostAtOnce = 50;

let underWay = 0;
let answers = true;

async function order(id) {
  underWay += 1;
  try {
    const { paid, reason = '' } = await send(url, orderOf(id));
    report(true);
    console.log(`order ${id}: ${paid ? 'paid' : `failed, ${reason}`}`);
  } catch (error) {
    report(false, error);
  } finally {
    underWay -= 1;
  }
}

/** Prints a line when the service stops responding, and when it responds again. */
function report(isAnswering, error) {
  if (isAnswering === answers) return;
  answers = isAnswering;
  if (answers) console.log(`${url} answers again`);
  else console.error(`${error.message} (${error.cause?.code ?? error.cause?.message}); orders go on`);
}

process.once('SIGTERM', () => process.exit(0)).once('SIGINT', () => process.exit(0));
let id = 0;
for await (const _ of every(1000 / perSecond)) {
  if (underWay < mostAtOnce) void order(++id);
}
