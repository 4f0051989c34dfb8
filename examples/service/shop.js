// The business: a checkout of five steps, which tells with DEBUG records what it does.
import { setTimeout as wait } from 'node:timers/promises';
import { SpanStatusCode } from '@opentelemetry/api';

const prices = { teapot: 4_200, teacup: 900, kettle: 6_500 };
/** Here is a mistake: 163.12 yen are a euro, and somebody has lost the decimal point. */
const rates = { EUR: 1, CHF: 0.94, JPY: 16_312 };
/** The bank refuses more than this, in any currency. */
const bankLimit = 100_000;

/** @returns {string | undefined} why the shop cannot take it as an order */
export function whatIsWrong(order) {
  const { id, article, quantity, currency } = order ?? {};
  if (!Number.isInteger(id)) return 'id must be a whole number';
  if (!Object.hasOwn(prices, article)) return `article must be one of ${Object.keys(prices).join(', ')}`;
  if (!Number.isInteger(quantity) || quantity < 1) return 'quantity must be a whole number from 1';
  if (!Object.hasOwn(rates, currency)) return `currency must be one of ${Object.keys(rates).join(', ')}`;
  return undefined;
}

/** The bank has refused to pay. */
class PaymentRefused extends Error {
  name = 'PaymentRefused';
}

/**
 * @param {ReturnType<typeof import('./telemetry.js').startTelemetry>} telemetry
 * @returns {(order: Order) => Promise<{ paid: boolean }>} the checkout
 *
 * @typedef {{ id: number, article: string, quantity: number, currency: string }} Order
 */
export function openShop({ log, tracer }) {
  /** A part of the work, as a span. */
  const step = (name, work) =>
    tracer.startActiveSpan(name, async (span) => {
      try {
        return await work();
      } finally {
        span.end();
      }
    });

  const checkStock = ({ article, quantity }) =>
    step('check stock', async () => {
      log.debug('asks the warehouse', { article, quantity });
      await wait(9);
      log.debug('the warehouse has enough', { article, available: 40 - quantity });
    });

  const reserve = ({ id, quantity }) =>
    step('reserve', async () => {
      const reservation = `R-${1000 + id}`;
      await wait(6);
      log.debug('reserved', { reservation, quantity });
      return reservation;
    });

  const priceOf = ({ article, quantity, currency }) =>
    step('find price', async () => {
      const euroCents = prices[article] * quantity;
      log.debug('price found', { 'euro.cents': euroCents });
      await wait(4);
      log.debug('exchange rate found', { pair: `EUR/${currency}`, rate: rates[currency], source: 'cache' });
      return Math.round((euroCents * rates[currency]) / 100);
    });

  const charge = (amount, currency) =>
    step('charge card', async () => {
      log.debug('asks the bank', { amount, currency });
      await wait(21);
      const code = amount > bankLimit ? 'over_limit' : 'accepted';
      log.debug('the bank has answered', { code });
      if (code !== 'accepted') throw new PaymentRefused(`the bank refused the card: ${code}`);
    });

  const letGo = (reservation) =>
    step('let go', async () => {
      await wait(3);
      log.debug('reservation let go', { reservation });
    });

  return (order) =>
    tracer.startActiveSpan('checkout', async (span) => {
      let reservation;
      try {
        log.debug('order received', { 'order.id': order.id, currency: order.currency });
        await checkStock(order);
        reservation = await reserve(order);
        const amount = await priceOf(order);
        await charge(amount, order.currency);
        log.debug('receipt printed', { reservation, amount });
        log.info('order paid', { 'order.id': order.id });
        return { paid: true };
      } catch (error) {
        if (reservation !== undefined) await letGo(reservation);
        log.error(`checkout failed: ${error.message}`, { 'order.id': order.id, 'error.type': error.name });
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
        return { paid: false };
      } finally {
        span.end();
      }
    });
}
