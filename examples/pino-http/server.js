// A shop with pino-http, whose debug lines are exported only if the request fails.
//
//   npm install burstlog @opentelemetry/api @opentelemetry/sdk-logs @opentelemetry/auto-instrumentations-node
//   node --import burstlog/register server.js
import { createServer } from 'node:http';
import { withBurstlog } from 'burstlog/pino';
import pino from 'pino';
import pinoHttp from 'pino-http';

const logger = pino(withBurstlog({ level: 'info' }));
const httpLogger = pinoHttp({ logger });

const server = createServer((request, response) => {
  httpLogger(request, response);
  request.log.debug({ cart: 3 }, 'cart loaded');
  request.log.debug('bank asked');
  response.statusCode = request.url === '/declined' ? 500 : 200;
  response.end();
});
server.listen(Number(process.env.PORT ?? 3000), () =>
  logger.info('listening on port %d', server.address().port),
);
process.once('SIGTERM', () => server.close());
