// The customers: many at a time, each with one real request.

const articles = ['teapot', 'teacup', 'kettle'];

/** The order of customer 1, 2, 3 … Every 25th pays in yen: for those the shop has a mistake. */
export function orderOf(id) {
  const currency = id % 25 === 0 ? 'JPY' : ['EUR', 'CHF'][id % 2];
  return { id, article: articles[id % articles.length], quantity: 1 + (id % 3), currency };
}

/**
 * Sends the orders and waits for all answers.
 *
 * @param {string} url of the service
 * @param {{ orders: number, atOnce: number, onAnswer: (answered: number) => void }} options
 * @returns {Promise<{ paid: number, failed: number }>}
 */
export async function sendCustomers(url, { orders, atOnce, onAnswer }) {
  const outcome = { paid: 0, failed: 0 };
  let sent = 0;
  const customer = async () => {
    while (sent < orders) {
      sent += 1;
      const { paid, error } = await send(url, orderOf(sent));
      if (error) throw new Error(`the service did not take an order: ${error}`);
      outcome[paid ? 'paid' : 'failed'] += 1;
      onAnswer(outcome.paid + outcome.failed);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, customer));
  return outcome;
}

/** @returns {Promise<{ paid?: boolean, reason?: string, error?: string }>} what the service answered */
export async function send(url, order) {
  try {
    const response = await fetch(`${url}/checkout`, { method: 'POST', body: JSON.stringify(order) });
    return await response.json();
  } catch (error) {
    throw new Error('the service does not answer any more', { cause: error.cause ?? error });
  }
}
