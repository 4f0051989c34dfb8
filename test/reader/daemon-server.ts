import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freePort } from '../support/free-port.js';

/** A server that answers according to docs/reader-api.md. */
export interface DaemonServer {
  readonly url: URL;
  /** The targets of the requests so far. */
  readonly asked: string[];
  readonly stop: () => Promise<void>;
}

export async function startDaemonServer(
  answer: (path: string, query: URLSearchParams, response: ServerResponse, request: IncomingMessage) => void,
  socketPath?: string,
): Promise<DaemonServer> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    asked.push(request.url ?? '');
    answer(pathname, searchParams, response, request);
  });
  // The port is free after it has stopped.
  const port = socketPath === undefined ? await freePort() : 80;
  await new Promise<void>((done) => {
    if (socketPath === undefined) server.listen(port, '127.0.0.1', done);
    else server.listen(socketPath, done);
  });
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
