// The business logic of the checkout service: a checkout of four steps, each a task, logged with DEBUG records.
import { setTimeout as wait } from 'node:timers/promises';
import { to } from 'burstlog';

const prices = { teapot: 4_200, teacup: 900, kettle: 6_500 };
const currencies = ['EUR', 'CHF', 'JPY'];
/** The steps are exported only when something goes wrong. */
const quiet = { severity: 'DEBUG' };

/** @returns {string | undefined} why the shop cannot take it as an order */
export function whatIsWrong(order) {
  const { id, article, quantity, currency } = order ?? {};
  if (!Number.isInteger(id)) return 'id must be a whole number';
  if (!Object.hasOwn(prices, article)) return `article must be one of ${Object.keys(prices).join(', ')}`;
  if (!Number.isInteger(quantity) || quantity < 1) return 'quantity must be a whole number from 1';
  if (!currencies.includes(currency)) return `currency must be one of ${currencies.join(', ')}`;
  return undefined;
}

/** The payments service has refused. */
class PaymentRefused extends Error {
  name = 'PaymentRefused';
}

/**
 * @param {ReturnType<typeof import('./telemetry.js').startTelemetry>} telemetry
 * @param {string} paymentsUrl where the payments service is
 * @returns {(order: Order, job: import('burstlog').Task) => Promise<void>} the checkout
 *
 * @typedef {{ id: number, article: string, quantity: number, currency: string }} Order
 */
export function openShop({ log }, paymentsUrl) {
  const checkStock = ({ article, quantity }) =>
    to('check stock', { article, quantity }, quiet, async () => {
      log.debug('asks the warehouse');
      await wait(9);
      log.debug('the warehouse has enough', { available: 40 - quantity });
    });

  const reserve = ({ id }) =>
    to('reserve', {}, quiet, async (step) => {
      await wait(6);
      const reservation = `R-${1000 + id}`;
      step.success('reserved as %s', reservation);
      return reservation;
    });

  const pay = ({ id, article, quantity, currency }) =>
    to('pay', { cents: prices[article] * quantity }, quiet, async (step) => {
      const headers = { 'content-type': 'application/json' };
      // Passes on to the payments service which task it works for.
      step.inject(headers);
      const body = JSON.stringify({ order: id, cents: prices[article] * quantity, currency });
      log.debug('asks the payments service');
      const response = await fetch(`${paymentsUrl}/charge`, { method: 'POST', headers, body });
      const { charged, reason } = await response.json();
      if (!charged) throw new PaymentRefused(reason);
    });

  const letGo = (reservation) =>
    to('release reservation', { reservation }, quiet, async () => {
      await wait(3);
      log.debug('the warehouse may sell it again');
    });

  return async (order, job) => {
    await checkStock(order);
    const reservation = await reserve(order);
    try {
      await pay(order);
    } catch (error) {
      await letGo(reservation);
      throw error;
    }
    job.success('order %d paid', order.id);
  };
}
