// Fastify 5 with its own logger, which is pino: it takes the options that withBurstlog() returns.
//
//   npm install burstlog @opentelemetry/api @opentelemetry/sdk-logs @opentelemetry/auto-instrumentations-node
//   node --import burstlog/register app.js
import { withBurstlog } from 'burstlog/pino';
import Fastify from 'fastify';

const app = Fastify({ logger: withBurstlog({ level: 'info' }) });
const prices = { tea: 420, coffee: 380 };

app.get('/price/:article', async (request) => {
  const { article } = request.params;
  request.log.debug({ article }, 'price requested');
  const cents = await priceOf(article, request.log);
  request.log.info({ article, cents }, 'price found');
  return { article, cents };
});

// Fastify logs what a handler throws: as an error, if the answer is a 5xx.
async function priceOf(article, log) {
  log.debug({ known: Object.keys(prices) }, 'prices loaded');
  if (!(article in prices)) throw new RangeError(`no price for ${article}`);
  return prices[article];
}

await app.listen({ port: Number(process.env.PORT ?? 3000) });
app.log.info(`listening on port ${app.server.address().port}`);
