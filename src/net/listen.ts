import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { errorText } from '../record/index.ts';
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
    throw cannotListen(showAddress(address), setting, error);
  }
  const { port } = server.address() as AddressInfo;
  return showAddress({ host: address.host, port });
}

/** What an error of listening means, and which setting to change. */
export function cannotListen(where: string, setting: string, error: unknown): Error {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  const what = where.startsWith('ipc://') ? 'path' : 'port';
  const causes: Readonly<Record<string, string>> = {
    EADDRINUSE: `the ${what} is in use by another process; ${setting} chooses another`,
    EACCES: `this user may not listen there; ${setting} chooses another ${what}`,
    EADDRNOTAVAIL: `this machine has no such address; correct ${setting}`,
    ENODEV: `this machine has no such address; correct ${setting}`,
    ENOTFOUND: `no such host; correct ${setting}`,
  };
  const cause = causes[String(code)] ?? `${errorText(error)}; see ${setting}`;
  return new Error(`cannot listen on ${where}: ${cause}`, { cause: error });
}
