// Workers of node:cluster: each is a process that starts with the options of the primary, so with
// burstlog/register too.
//
//   npm install burstlog @opentelemetry/api @opentelemetry/sdk-logs @opentelemetry/auto-instrumentations-node
//   node --import burstlog/register cluster.js
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { withBurstlog } from 'burstlog/pino';
import pino from 'pino';

const log = pino(withBurstlog({ level: 'info' }));
const prices = { tea: 420, coffee: 380 };

function answer(request, response) {
  const article = request.url.replace('/price/', '');
  log.debug({ article, worker: cluster.worker.id }, 'price requested');
  const cents = prices[article];
  if (cents === undefined) {
    log.error(new RangeError(`no price for ${article}`), 'request failed');
    response.writeHead(500).end();
    return;
  }
  log.info({ article, cents }, 'price found');
  response.end(JSON.stringify({ article, cents }));
}

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
  cluster.on('listening', (worker, { port }) => log.info(`worker ${worker.id} is listening on port ${port}`));
  // Each process ends when it has no more work, after its last records were exported.
  process.once('SIGTERM', () => cluster.disconnect());
} else {
  createServer(answer).listen(process.env.PORT ?? 3000);
}
