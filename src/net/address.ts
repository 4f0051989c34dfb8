import { BlockList, isIP } from 'node:net';

/** The address on which a receiver listens. */
export interface ListenAddress {
  /** A name or an IP address. IPv6 addresses have no brackets. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** `127.0.0.1:4317`, `[::1]:4317`, `collector.local:4317`. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9A-Za-z:.%_-]{2,64})\]|([A-Za-z0-9._-]{1,253})):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, inBrackets, name = '', digits] = match;
  const port = Number(digits);
  if (port > 65_535 || (inBrackets !== undefined && isIP(inBrackets) !== 6)) return undefined;
  return { host: inBrackets ?? name, port };
}

/** Whether the address can be reached from this machine only. The only name that counts is `localhost`. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const version = isIP(host);
  if (version === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  // Also matches IPv4 addresses that are mapped into IPv6.
  return loopback.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

/** Whether the two addresses cannot be used at the same time. Port 0 never collides. */
export function collides(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port === 0 || a.port !== b.port) return false;
  const [first, second] = [canonical(a.host), canonical(b.host)];
  return first === second || covers(first, second) || covers(second, first);
}

/** Whether a listener on `one` also receives connections to `other`. `::` accepts IPv4 too. */
function covers(one: string, other: string): boolean {
  return one === '::' || (one === '0.0.0.0' && isIP(other) !== 6);
}

/** Returns the same text for every notation of an address. A mapped IPv4 address becomes its IPv4 form. */
function canonical(host: string): string {
  const name = host.toLowerCase();
  if (name === 'localhost') return '127.0.0.1';
  if (isIP(name) !== 6) return name;
  const [address, zone = ''] = name.split('%');
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(shortest);
  if (mapped === null) return `${shortest}%${zone}`.replace(/%$/, '');
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** `[::1]:4317` */
export function showAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `http(s)://host[:port][/path]`, without credentials, query or fragment. Removes trailing slashes. */
export function parseHttpUrl(text: string): string | undefined {
  if (!/^https?:\/\/[^/@?#\s]+(?:\/[^@?#\s]*)?$/.test(text) || !URL.canParse(text)) return undefined;
  return text.replace(/\/+$/, '');
}
