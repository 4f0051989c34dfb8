// A server of node:http and pino, without a framework.
//
//   npm install burstlog @opentelemetry/api @opentelemetry/sdk-logs @opentelemetry/auto-instrumentations-node
//   node --import burstlog/register http.js
import { createServer } from 'node:http';
import { withBurstlog } from 'burstlog/pino';
import pino from 'pino';

const log = pino(withBurstlog({ level: 'info' }));
const prices = { tea: 420, coffee: 380 };

async function priceOf(article) {
  log.debug({ known: Object.keys(prices) }, 'prices loaded');
  if (!(article in prices)) throw new RangeError(`no price for ${article}`);
  return prices[article];
}

async function answer(request) {
  const article = request.url.replace('/price/', '');
  log.debug({ article }, 'price requested');
  const cents = await priceOf(article);
  log.info({ article, cents }, 'price found');
  return { article, cents };
}

const server = createServer(async (request, response) => {
  try {
    const found = await answer(request);
    response.end(JSON.stringify(found));
  } catch (error) {
    log.error(error, 'request failed');
    response.writeHead(500).end(JSON.stringify({ error: 'internal error' }));
  }
});

server.listen(process.env.PORT ?? 3000, () => log.info(`listening on port ${server.address().port}`));
