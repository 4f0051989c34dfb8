// The HTTP service: POST /checkout takes an order, GET /stats tells what became of its log records.
//
//   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317 PORT=8080 node examples/service/service.js
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { openShop, whatIsWrong } from './shop.js';
import { startTelemetry } from './telemetry.js';

const telemetry = startTelemetry('checkout');
const checkout = openShop(telemetry);

const server = createServer(async (request, response) => {
  const { status, body } = await answer(request);
  if (!server.listening) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});

/** @param {import('node:http').IncomingMessage} request */
async function answer(request) {
  const route = `${request.method} ${request.url}`;
  if (route === 'GET /stats') return { status: 200, body: telemetry.burst.stats() };
  if (route !== 'POST /checkout') {
    return { status: 404, body: { error: `there is no ${route}; there are POST /checkout and GET /stats` } };
  }
  let order;
  try {
    order = await json(request);
  } catch {
    return { status: 400, body: { error: 'the order must be JSON' } };
  }
  const wrong = whatIsWrong(order);
  if (wrong !== undefined) return { status: 400, body: { error: wrong } };
  const { paid } = await checkout(order);
  return { status: paid ? 200 : 402, body: { order: order.id, paid } };
}

/** Answers what has come, delivers the logs, and lets the process end. */
async function stop() {
  server.close();
  await once(server, 'close');
  await telemetry.shutdown();
}
process.once('SIGTERM', stop).once('SIGINT', stop);

server.once('error', (error) => {
  console.error(`checkout did not start: ${error.message}; PORT chooses another port`);
  process.exitCode = 1;
});
server.listen(Number(process.env.PORT || 8080), process.env.HOST, () => {
  console.log(`checkout listens on port ${server.address().port}`);
});
