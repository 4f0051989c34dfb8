// Express 5 and pino: the DEBUG lines of a request are exported only if it fails.
//
//   npm install burstlog @opentelemetry/api @opentelemetry/sdk-logs @opentelemetry/auto-instrumentations-node
//   node --import burstlog/register app.js
import { withBurstlog } from 'burstlog/pino';
import express from 'express';
import pino from 'pino';

const log = pino(withBurstlog({ level: 'info' }));
const app = express();
const prices = { tea: 420, coffee: 380 };

app.get('/price/:article', async (request, response) => {
  const { article } = request.params;
  log.debug({ article }, 'price requested');
  const cents = await priceOf(article);
  log.info({ article, cents }, 'price found');
  response.json({ article, cents });
});

async function priceOf(article) {
  log.debug({ known: Object.keys(prices) }, 'prices loaded');
  if (!(article in prices)) throw new RangeError(`no price for ${article}`);
  return prices[article];
}

// Error handlers come last. Express 5 also passes them the rejections of async handlers.
app.use((error, _request, response, _next) => {
  log.error(error, 'request failed');
  response.status(500).json({ error: 'internal error' });
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  log.info(`listening on port ${server.address().port}`);
});
