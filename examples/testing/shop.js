// The code under test.
import { to } from 'burstlog';

/** @param {{ cents: number }} order */
export async function checkout(order) {
  return to('checkout', { cents: order.cents }, async (job) => {
    await to('check stock', async () => {});
    await to('charge card', async (step) => {
      if (order.cents > 100_000) throw new RangeError('over the limit');
      step.success('charged %d cents', order.cents);
    });
    job.success('order paid');
  });
}
