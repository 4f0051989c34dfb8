import { networkInterfaces } from 'node:os';
import { isLoopback, type ListenAddress, parseListenAddress } from './address.ts';

/**
 * Checks a ZeroMQ endpoint of a receiver, an exporter or the configuration: `tcp://127.0.0.1:5011`,
 * `tcp://[::1]:5011`, `tcp://*:5011`, `ipc:///run/distlogd.sock`. Port 0 or `*` means any free port.
 * @returns the endpoint; undefined if it is invalid
 */
export function parseZmqEndpoint(text: string): string | undefined {
  return zmqAddress(text) === undefined && ipcPath(text) === undefined ? undefined : text;
}

/** The address of `tcp://...`; undefined for anything else. `*` means all addresses. */
export function zmqAddress(endpoint: string): ListenAddress | undefined {
  const [, host, port] = /^tcp:\/\/(.+):(\d{1,5}|\*)$/.exec(endpoint) ?? [];
  if (host === undefined) return undefined;
  return parseListenAddress(`${host === '*' ? '0.0.0.0' : host}:${port === '*' ? '0' : port}`);
}

/**
 * The path of `ipc://...`. At most 103 bytes, which every operating system accepts; libzmq truncates longer
 * paths silently.
 */
export function ipcPath(endpoint: string): string | undefined {
  const path = endpoint.startsWith('ipc://') ? endpoint.slice('ipc://'.length) : '';
  const isPath = path !== '' && path !== '*' && !path.includes('\0') && Buffer.byteLength(path) <= 103;
  return isPath ? path : undefined;
}

/**
 * The argument of Node's `listen` for an endpoint. A network interface means its first IPv4 address, as in
 * libzmq.
 */
export function listenTarget(
  endpoint: string,
): { path: string } | { host: string; port: number; exclusive: true } {
  const address = zmqAddress(endpoint);
  if (address === undefined) return socketPath(endpoint);
  const [first] = (networkInterfaces()[address.host] ?? []).filter(({ family }) => family === 'IPv4');
  return { host: first?.address ?? address.host, port: address.port, exclusive: true };
}

/** The argument of Node's `connect` for an endpoint. */
export function connectTarget(endpoint: string): { path: string } | { host: string; port: number } {
  const address = zmqAddress(endpoint);
  if (address === undefined) return socketPath(endpoint);
  const isWildcard = address.host === '0.0.0.0' || address.host === '::';
  return { host: isWildcard ? '127.0.0.1' : address.host, port: address.port };
}

function socketPath(endpoint: string): { path: string } {
  const path = ipcPath(endpoint) ?? '';
  // ZeroMQ writes abstract socket names (Linux) with a leading at sign.
  return { path: path.startsWith('@') ? `\0${path.slice(1)}` : path };
}

/** Whether the endpoint can be reached from this machine only. */
export function isOnThisMachine(endpoint: string): boolean {
  const address = zmqAddress(endpoint);
  return address === undefined || isLoopback(address.host);
}
