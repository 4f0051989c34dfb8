import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { type ListenAddress, showAddress } from './address.ts';

/**
 * Opens a server's socket.
 * @param setting the name of the setting that holds the address
 * @returns the address with the real port
 * @throws (rejects) with what is wrong and which setting changes it
 */
export async function listen(server: Server, address: ListenAddress, setting: string): Promise<string> {
  const listening = once(server, 'listening');
  server.listen({ host: address.host, port: address.port, exclusive: true });
  try {
    await listening;
  } catch (error) {
    throw listenError(error, address, setting);
  }
  const { port } = server.address() as AddressInfo;
  return showAddress({ host: address.host, port });
}

/** What an error of listening means, and which setting to change. */
function listenError(error: unknown, address: ListenAddress, setting: string): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const where = showAddress(address);
  const causes: Readonly<Record<string, string>> = {
    EADDRINUSE: `the port is in use by another process; ${setting} chooses another`,
    EACCES: `this user may not listen there; ${setting} chooses another port`,
    EADDRNOTAVAIL: `this machine has no such address; correct ${setting}`,
    ENOTFOUND: `no such host; correct ${setting}`,
  };
  return new Error(`cannot listen on ${where}: ${causes[code ?? ''] ?? `${message}; see ${setting}`}`, {
    cause: error,
  });
}
