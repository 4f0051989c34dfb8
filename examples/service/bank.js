// The business logic of the payments service: charges a card, in the currency of the customer.
import { setTimeout as wait } from 'node:timers/promises';
import { to } from 'burstlog';

/** The deliberate bug of the example: a euro is 163.12 yen, but the decimal point is missing. */
const rates = { EUR: 1, CHF: 0.94, JPY: 16_312 };
/** The bank refuses more than this, in any currency. */
const bankLimit = 100_000;
/** The steps are exported only when something goes wrong. */
const quiet = { severity: 'DEBUG' };

/** The bank has refused to pay. */
class CardRefused extends Error {
  name = 'CardRefused';
}

/**
 * @param {ReturnType<typeof import('./telemetry.js').startTelemetry>} telemetry
 * @returns {(payment: { order: number, cents: number, currency: string }) => Promise<void>}
 */
export function openBank({ log }) {
  const inCurrency = (cents, currency) =>
    to('find exchange rate', { pair: `EUR/${currency}` }, quiet, async () => {
      await wait(4);
      log.debug('exchange rate found', { rate: rates[currency], source: 'cache' });
      return Math.round((cents * rates[currency]) / 100);
    });

  const askBank = (amount, currency) =>
    to('ask the bank', { amount, currency }, quiet, async () => {
      log.debug('opens a connection to the bank');
      await wait(21);
      const code = amount > bankLimit ? 'over_limit' : 'accepted';
      log.debug('the bank has answered', { code });
      if (code !== 'accepted') throw new CardRefused(`the bank refused the card: ${code}`);
    });

  return async ({ cents, currency }) => {
    const amount = await inCurrency(cents, currency);
    await askBank(amount, currency);
  };
}
