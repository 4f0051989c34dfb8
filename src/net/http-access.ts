import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** How an HTTP server decides which requests it answers. */
export interface HttpAccess {
  /** The name or address on which the server listens. */
  readonly host: string;
  /** The token that clients must send. */
  readonly token?: string | undefined;
  /** Whether clients must present a certificate that the server trusts. */
  readonly hasClientCertificates: boolean;
}

/** Why a request is refused. */
export interface AccessRefusal {
  readonly status: 401 | 403;
  readonly text: string;
}

/**
 * Decides whether a request may be answered.
 *
 * - With a token: the token alone decides. A web page in a browser does not know it.
 * - Without a token: the request must not come from a page of another origin, and it must name this server as
 * its host. Otherwise a page could map its own name to the address of this machine (DNS rebinding).
 * - With a client certificate any host name is accepted: a browser sends a certificate only to a server whose
 * own certificate matches the name.
 * @returns undefined if it may be answered
 */
export function accessRefusal(
  { url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>,
  { host, token, hasClientCertificates }: HttpAccess,
): AccessRefusal | undefined {
  if (token !== undefined) {
    if (hasToken(headers.authorization, token)) return undefined;
    return { status: 401, text: 'a token is required: Authorization: Bearer ...' };
  }
  const authority = (requestTarget(url).authority ?? headers.host ?? '').toLowerCase();
  const origin = headers.origin?.replace(/^https?:\/\//i, '').toLowerCase();
  // A different port is a different origin.
  if (origin !== undefined && origin !== authority) {
    return { status: 403, text: 'requests from web pages of other origins are refused' };
  }
  if (hasClientCertificates || names(authority, host)) return undefined;
  return {
    status: 403,
    text: 'the Host header does not name this server; with a token any name is accepted',
  };
}

/** The parts of a request target. */
export interface RequestTarget {
  /** The authority of the absolute form. It takes precedence over the `Host` header. */
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string;
}

/**
 * Parses both request target forms that servers accept (RFC 9112, section 3.2): `/metrics`,
 * `http://host:5080/metrics`.
 */
export function requestTarget(url: string): RequestTarget {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url);
  const [, authority, rest = url] = absolute ?? [];
  // A query may contain question marks (RFC 3986, section 3.4).
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(rest) ?? [];
  return { authority, path: path === '' && absolute !== null ? '/' : path, query };
}

/**
 * Whether the `Authorization` header contains the token; true if no token is required. The scheme name is
 * case-insensitive (RFC 9110, section 11.1).
 */
export function hasToken(header: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  const [, given = ''] = /^bearer +(.*)$/i.exec(header ?? '') ?? [];
  return isEqual(given, token);
}

/** Compares in constant time. */
function isEqual(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/**
 * Whether a host, with or without a port, is an IP address, `localhost`, or the name on which the server
 * listens.
 */
function names(authority: string, host: string): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@]+))(?::\d+)?$/.exec(authority);
  const name = match?.[1] ?? match?.[2];
  return name !== undefined && (isIP(name) > 0 || name === 'localhost' || name === host.toLowerCase());
}
