import { isIP, isIPv4 } from 'node:net';

/** Where a receiver listens. */
export interface ListenAddress {
  /** A name or an IP address, IPv6 without its brackets. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** `127.0.0.1:4317`, `[::1]:4317`, `collector.local:4317`. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253})):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, inBrackets, name = '', digits] = match;
  const port = Number(digits);
  if (port > 65_535 || (inBrackets !== undefined && isIP(inBrackets) !== 6)) return undefined;
  return { host: inBrackets ?? name, port };
}

/** `tcp://127.0.0.1:5011`, `tcp://[::1]:5011`, `tcp://*:5011`, `ipc:///run/distlogd.sock`. */
export function parseZmqEndpoint(text: string): string | undefined {
  if (text.startsWith('ipc://')) return ipcPath(text) === undefined ? undefined : text;
  return zmqAddress(text) === undefined ? undefined : text;
}

/** Of `tcp://...`; undefined for anything else. `*` stands for all addresses. */
export function zmqAddress(endpoint: string): ListenAddress | undefined {
  if (!endpoint.startsWith('tcp://')) return undefined;
  const rest = endpoint.slice('tcp://'.length);
  return parseListenAddress(rest.startsWith('*:') ? `0.0.0.0${rest.slice(1)}` : rest);
}

/** Of `ipc://...`; the operating system takes 103 bytes everywhere, and libzmq cuts longer ones silently. */
export function ipcPath(endpoint: string): string | undefined {
  const path = endpoint.startsWith('ipc://') ? endpoint.slice('ipc://'.length) : '';
  return path !== '' && path !== '*' && Buffer.byteLength(path) <= 103 ? path : undefined;
}

/** Whether only this machine reaches the address. A name counts only if it is `localhost`. */
export function isLoopback(host: string): boolean {
  const address = host.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  if (isIPv4(address)) return address.startsWith('127.');
  return address === 'localhost' || address === '::1' || /^(?:0{1,4}:){7}0{0,3}1$/.test(address);
}

/** Whether both cannot listen at the same time. Port 0 is never taken. */
export function collides(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port === 0 || a.port !== b.port) return false;
  const [first, second] = [canonical(a.host), canonical(b.host)];
  return first === second || first === '*' || second === '*';
}

function canonical(host: string): string {
  const name = host.toLowerCase();
  if (name === '0.0.0.0' || name === '::') return '*';
  return name === 'localhost' ? '127.0.0.1' : name;
}

/** `[::1]:4317` */
export function showAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `http(s)://host[:port][/path]`, without credentials, query or fragment; no slash at the end. */
export function parseHttpUrl(text: string): string | undefined {
  if (!/^https?:\/\/[^/@?#\s]+(?:\/[^@?#\s]*)?$/.test(text) || !URL.canParse(text)) return undefined;
  return text.replace(/\/+$/, '');
}
