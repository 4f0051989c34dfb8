import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Why a request is not answered. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly text: string;
}

/**
 * Whether a request may see more than the daemon's health: it must name this daemon as its host (a web page that
 * resolves its own name to this machine cannot), come from no web page of elsewhere, and bring the token.
 */
export function refusalOf(
  { headers }: IncomingMessage,
  { host, token }: { readonly host: string; readonly token?: string | undefined },
): Refusal | undefined {
  const named = hostOf(headers.host);
  if (named === undefined || !(isIP(named) > 0 || named === 'localhost' || named === host.toLowerCase())) {
    return { status: 403, text: 'the Host header names another host' };
  }
  const { origin } = headers;
  // Another port is another origin.
  if (
    origin !== undefined &&
    origin.replace(/^https?:\/\//i, '').toLowerCase() !== headers.host?.toLowerCase()
  ) {
    return { status: 403, text: 'requests of web pages of other origins are refused' };
  }
  if (!hasToken(headers.authorization, token)) {
    return { status: 401, text: 'a token is needed: Authorization: Bearer ...' };
  }
  return undefined;
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

/** In a time that says nothing of how much was right. */
function isEqual(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** Without the port, and the brackets of IPv6. */
function hostOf(value: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/]+))(?::\d+)?$/i.exec(value ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}
