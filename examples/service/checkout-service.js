// The service that takes orders: POST /checkout. It asks the payments service to charge the card.
//
//   PAYMENTS_URL=http://127.0.0.1:8081 PORT=8080 node examples/service/checkout-service.js
import { importTask } from 'burstlog';
import { serve } from './serve.js';
import { openShop, whatIsWrong } from './shop.js';
import { startTelemetry } from './telemetry.js';

const telemetry = startTelemetry('checkout');
const checkout = openShop(telemetry, process.env.PAYMENTS_URL || 'http://127.0.0.1:8081');

serve('checkout', telemetry, {
  'POST /checkout': async (order, headers) => {
    const wrong = whatIsWrong(order);
    if (wrong !== undefined) return { status: 400, body: { error: wrong } };
    const data = { 'order.id': order.id, currency: order.currency };
    try {
      // Continues the task of the caller, if the request has a traceparent.
      await importTask(headers, 'checkout', data, (job) => checkout(order, job));
      return { status: 200, body: { order: order.id, paid: true } };
    } catch (error) {
      return { status: 402, body: { order: order.id, paid: false, reason: error.message } };
    }
  },
});
