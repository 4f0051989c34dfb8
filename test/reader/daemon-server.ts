import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that answers as docs/reader-api.md says. */
export interface DaemonServer {
  readonly url: URL;
  /** The targets of the requests so far. */
  readonly asked: string[];
  readonly stop: () => Promise<void>;
}

export async function startDaemonServer(
  answer: (path: string, query: URLSearchParams, response: ServerResponse, request: IncomingMessage) => void,
  where: number | string = 0,
): Promise<DaemonServer> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    asked.push(request.url ?? '');
    answer(pathname, searchParams, response, request);
  });
  await new Promise<void>((done) => {
    if (typeof where === 'number') server.listen(where, '127.0.0.1', done);
    else server.listen(where, done);
  });
  const port = typeof where === 'number' ? (server.address() as AddressInfo).port : 80;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    asked,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
