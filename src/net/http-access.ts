import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** How a server of HTTP knows who may ask. */
export interface HttpAccess {
  /** The name or address that it listens on. */
  readonly host: string;
  /** What clients have to send. */
  readonly token?: string | undefined;
  /** Nobody connects without a certificate that it trusts. */
  readonly hasClientCertificates: boolean;
}

/** Why a request is not answered. */
export interface AccessRefusal {
  readonly status: 401 | 403;
  readonly text: string;
}

/**
 * Whether a request may be answered. With a token, the token decides alone: a web page in somebody's browser does not
 * know it. Without one a request must not come from a page of another origin. It must name this server as its host, too:
 * a page could else give its own name this machine's address (DNS rebinding). Who has shown a client certificate may use
 * any name: a browser only sends one to a server whose certificate fits the name.
 * @returns undefined: it may
 */
export function accessRefusal(
  { url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>,
  { host, token, hasClientCertificates }: HttpAccess,
): AccessRefusal | undefined {
  if (token !== undefined) {
    if (hasToken(headers.authorization, token)) return undefined;
    return { status: 401, text: 'a token is needed: Authorization: Bearer ...' };
  }
  const authority = (requestTarget(url).authority ?? headers.host ?? '').toLowerCase();
  const origin = headers.origin?.replace(/^https?:\/\//i, '').toLowerCase();
  // Another port is another origin.
  if (origin !== undefined && origin !== authority) {
    return { status: 403, text: 'requests of web pages of other origins are refused' };
  }
  if (hasClientCertificates || names(authority, host)) return undefined;
  return { status: 403, text: 'the request names another host; with a token any name is accepted' };
}

/** The parts of a request target. */
export interface RequestTarget {
  /** Of the absolute form. It counts instead of the header `Host`. */
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string;
}

/** Both forms of a request target that servers take (RFC 9112, section 3.2): `/metrics` and `http://host:5080/metrics`. */
export function requestTarget(url: string): RequestTarget {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url);
  const [, authority, rest = url] = absolute ?? [];
  // A query may have question marks of its own (RFC 3986, section 3.4).
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(rest) ?? [];
  return { authority, path: path === '' && absolute !== null ? '/' : path, query };
}

/**
 * Whether the header `Authorization` brings the token; true if none is asked for. The name of the scheme is written in
 * any case (RFC 9110, section 11.1).
 */
export function hasToken(header: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  const [, given = ''] = /^bearer +(.*)$/i.exec(header ?? '') ?? [];
  return isEqual(given, token);
}

/** In a time that does not depend on how much of it is right. */
function isEqual(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** Whether a host, with or without a port, is an address, `localhost`, or the name that the server listens on. */
function names(authority: string, host: string): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@]+))(?::\d+)?$/.exec(authority);
  const name = match?.[1] ?? match?.[2];
  return name !== undefined && (isIP(name) > 0 || name === 'localhost' || name === host.toLowerCase());
}
