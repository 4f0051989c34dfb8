// The service that charges cards: POST /charge.
//
//   PORT=8081 node examples/service/payments-service.js
import { importTask } from 'burstlog';
import { openBank } from './bank.js';
import { serve } from './serve.js';
import { startTelemetry } from './telemetry.js';

const telemetry = startTelemetry('payments');
const charge = openBank(telemetry);

serve('payments', telemetry, {
  'POST /charge': async (payment, headers) => {
    try {
      // The header has the id of the calling task in the checkout service.
      await importTask(headers, 'charge card', { 'order.id': payment.order }, () => charge(payment));
      return { status: 200, body: { charged: true } };
    } catch (error) {
      return { status: 402, body: { charged: false, reason: error.message } };
    }
  },
});
