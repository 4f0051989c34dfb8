import { type AddressInfo, createServer, type Socket } from 'node:net';
import { freePort } from '../../support/free-port.js';

/**
 * A PULL socket that completes its handshake and then reads nothing more: data that is sent to it stays in
 * the buffers of the operating system, and then at the sender.
 */
export async function startDeafPeer() {
  const greeting = Buffer.alloc(64);
  Buffer.from('ff00000000000000017f0301', 'hex').copy(greeting);
  greeting.write('NULL', 12);
  const ready = Buffer.from('\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PULL', 'latin1');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(Buffer.concat([greeting, ready]));
    socket.once('data', () => socket.pause());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const opened = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const { port } = server.address() as AddressInfo;
  return { endpoint: `tcp://127.0.0.1:${port}`, opened, close: () => void server.close() };
}

/** An endpoint without a server. */
export async function deadEndpoint(): Promise<string> {
  return `tcp://127.0.0.1:${await freePort()}`;
}
