import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * From here on, below the ports that systems give out by themselves (from 32,768 on): one of those that was free a
 * moment ago may be the local end of any connection now.
 */
const FIRST = 12_000;
const PORTS_OF_A_WORKER = 500;
const MOST_WORKERS = 32;

const worker = Number(process.env.JEST_WORKER_ID ?? 1) % MOST_WORKERS;
let next = process.pid % PORTS_OF_A_WORKER;

/** A port of 127.0.0.1 where nobody listens; no other test is given it. */
export async function freePort(): Promise<number> {
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
