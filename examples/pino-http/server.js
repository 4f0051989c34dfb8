// A shop behind pino-http. Its debug lines leave only when the request failed. Start it with:
//   node --import burstlog/register server.js
import { createServer } from 'node:http';
import { withBurstlog } from 'burstlog/pino';
import pino from 'pino';
import pinoHttp from 'pino-http';

const logger = pino(withBurstlog({ level: 'info' }));
const httpLogger = pinoHttp({ logger });

const server = createServer((request, response) => {
  httpLogger(request, response);
  request.log.debug({ cart: 3 }, 'cart is loaded');
  request.log.debug('ask the bank');
  response.statusCode = request.url === '/declined' ? 500 : 200;
  response.end();
});
server.listen(Number(process.env.PORT ?? 3000), () => logger.info('port %d', server.address().port));
process.once('SIGTERM', () => server.close());
