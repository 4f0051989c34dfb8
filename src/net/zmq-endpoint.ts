import { networkInterfaces } from 'node:os';
import { isLoopback, type ListenAddress, parseListenAddress } from './address.ts';

/**
 * An endpoint of ZeroMQ as receivers, exporter and configuration take it: `tcp://127.0.0.1:5011`,
 * `tcp://[::1]:5011`, `tcp://*:5011`, `ipc:///run/distlogd.sock`. Port 0, or `*`, is any free one.
 * @returns the endpoint, or undefined for anything else
 */
export function parseZmqEndpoint(text: string): string | undefined {
  return zmqAddress(text) === undefined && ipcPath(text) === undefined ? undefined : text;
}

/** Of `tcp://...`; undefined for anything else. `*` stands for all addresses. */
export function zmqAddress(endpoint: string): ListenAddress | undefined {
  const [, host, port] = /^tcp:\/\/(.+):(\d{1,5}|\*)$/.exec(endpoint) ?? [];
  if (host === undefined) return undefined;
  return parseListenAddress(`${host === '*' ? '0.0.0.0' : host}:${port === '*' ? '0' : port}`);
}

/** Of `ipc://...`; the operating system takes 103 bytes everywhere, and libzmq cuts longer ones silently. */
export function ipcPath(endpoint: string): string | undefined {
  const path = endpoint.startsWith('ipc://') ? endpoint.slice('ipc://'.length) : '';
  const isPath = path !== '' && path !== '*' && !path.includes('\0') && Buffer.byteLength(path) <= 103;
  return isPath ? path : undefined;
}

/** What Node listens on for an endpoint. A network interface stands for its first IPv4 address, as in libzmq. */
export function listenTarget(
  endpoint: string,
): { path: string } | { host: string; port: number; exclusive: true } {
  const address = zmqAddress(endpoint);
  if (address === undefined) return socketPath(endpoint);
  const [first] = (networkInterfaces()[address.host] ?? []).filter(({ family }) => family === 'IPv4');
  return { host: first?.address ?? address.host, port: address.port, exclusive: true };
}

/** What Node connects to for an endpoint. */
export function connectTarget(endpoint: string): { path: string } | { host: string; port: number } {
  const address = zmqAddress(endpoint);
  if (address === undefined) return socketPath(endpoint);
  const isWildcard = address.host === '0.0.0.0' || address.host === '::';
  return { host: isWildcard ? '127.0.0.1' : address.host, port: address.port };
}

function socketPath(endpoint: string): { path: string } {
  const path = ipcPath(endpoint) ?? '';
  // ZeroMQ writes abstract names of Linux with an at sign.
  return { path: path.startsWith('@') ? `\0${path.slice(1)}` : path };
}

/** Whether only this machine can reach the endpoint. */
export function isOnThisMachine(endpoint: string): boolean {
  const address = zmqAddress(endpoint);
  return address === undefined || isLoopback(address.host);
}
