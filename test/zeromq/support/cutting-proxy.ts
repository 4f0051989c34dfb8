import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * Forwards TCP to a port and ends each connection after a number of bytes, within any frame.
 * @param cuts the numbers of bytes, towards the daemon and back, after which each next connection ends; then
 * none does
 */
export async function startCuttingProxy(port: number, cuts: readonly number[]) {
  const left = [...cuts];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let bytes = left.shift() ?? Number.POSITIVE_INFINITY;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    const pass = (from: Socket, to: Socket) =>
      from.on('data', (chunk: Buffer) => {
        const part = chunk.subarray(0, Math.min(chunk.length, bytes));
        bytes -= part.length;
        if (bytes > 0) return void to.write(part);
        // Data before the cut is still forwarded.
        to.end(part);
        from.destroy();
      });
    pass(client, upstream);
    pass(upstream, client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cutsLeft() {
      return left.length;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
