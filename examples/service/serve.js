// What both services have in common: an HTTP server of a few routes, and an end in good order.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/**
 * @typedef {{ status: number, body: unknown }} Answer
 * @typedef {(body: any, headers: import('node:http').IncomingHttpHeaders) => Promise<Answer>} Route
 */

/**
 * Listens on PORT of HOST. GET /stats answers what became of the service's log records.
 *
 * @param {string} name of the service
 * @param {ReturnType<typeof import('./telemetry.js').startTelemetry>} telemetry
 * @param {Record<string, Route>} routes by method and path
 */
export function serve(name, telemetry, routes) {
  const server = createServer(async (request, response) => {
    const { status, body } = await answer(request);
    if (!server.listening) response.setHeader('connection', 'close');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });

  /** @param {import('node:http').IncomingMessage} request @returns {Promise<Answer>} */
  async function answer(request) {
    const wanted = `${request.method} ${request.url}`;
    if (wanted === 'GET /stats') return { status: 200, body: telemetry.burst.stats() };
    const route = routes[wanted];
    if (route === undefined) {
      const there = [...Object.keys(routes), 'GET /stats'].join(' and ');
      return { status: 404, body: { error: `there is no ${wanted}; there are ${there}` } };
    }
    let body;
    try {
      body = await json(request);
    } catch {
      return { status: 400, body: { error: 'the body must be JSON' } };
    }
    return route(body, request.headers);
  }

  /** Answers what has come, delivers the logs, and lets the process end. */
  async function stop() {
    server.close();
    await once(server, 'close');
    await telemetry.shutdown();
  }
  process.once('SIGTERM', stop).once('SIGINT', stop);

  server.once('error', (error) => {
    console.error(`${name} did not start: ${error.message}; PORT chooses another port`);
    process.exitCode = 1;
  });
  server.listen(Number(process.env.PORT || 8080), process.env.HOST, () => {
    console.log(`${name} listens on port ${server.address().port}`);
  });
}
