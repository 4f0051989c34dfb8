import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * From here on, below the ports that systems give out by themselves (from 32,768 on): one of those that was free a
 * moment ago may be the local end of any connection now.
 */
const FIRST = 12_000;
const PORTS_OF_A_WORKER = 500;
const MOST_WORKERS = 32;

const worker = Number(process.env.JEST_WORKER_ID ?? 0) % MOST_WORKERS;
// Not where the file before began: somebody of it may still try to connect.
let next = Math.floor(Math.random() * PORTS_OF_A_WORKER);

/**
 * A port of 127.0.0.1 where nobody listens; no other test is given it, and no connection. For what starts again where
 * it was, or is not there yet: a port that was found by listening on 0 is anybody's as soon as it is closed.
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (;;) {
    const port = FIRST + worker * PORTS_OF_A_WORKER + next;
    next = (next + 1) % PORTS_OF_A_WORKER;
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
