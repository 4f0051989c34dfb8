import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { errorText } from '../record/index.ts';
import { type ListenAddress, showAddress } from './address.ts';

/**
 * Opens a server's socket.
 * @param setting the name of the setting that holds the address
 * @returns the address with the actual port
 * @throws (rejects) an error that names the cause and the setting to change
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

/** The longest path of a Unix domain socket that every operating system accepts. */
export const MAX_SOCKET_PATH_BYTES = 103;

/**
 * Opens a server's socket at a path, for this user only. Removes a socket that an earlier process left: the
 * caller owns the directory.
 * @returns the path as an endpoint
 * @throws (rejects) if it cannot listen there
 */
export async function listenOnSocket(server: Server, path: string): Promise<string> {
  const length = Buffer.byteLength(path);
  if (length > MAX_SOCKET_PATH_BYTES) {
    throw new Error(`${path} has ${length} bytes; the limit for a socket path is ${MAX_SOCKET_PATH_BYTES}`);
  }
  rmSync(path, { force: true });
  const listening = once(server, 'listening');
  server.listen({ path });
  await listening;
  chmodSync(path, 0o600);
  return `unix:${path}`;
}

/** Explains an error of `listen` and names the setting to change. */
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
