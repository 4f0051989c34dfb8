import { X509Certificate } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type HttpConfig, type StatusReport, showAddress } from '../../daemon/index.ts';
import type { LoadedConfig } from './parts.ts';

const timeoutMillis = 5_000;
const maxBytes = 16_777_216;

/**
 * Asks the daemon of this configuration, on this machine, at `/status`.
 * @throws (rejects) when it does not answer within five seconds, or not with a status
 */
export async function requestStatus({ config, secrets }: LoadedConfig): Promise<StatusReport> {
  const http = config.http;
  if (http === undefined) throw new Error('http is off in the configuration');
  const address = { host: reachable(http.endpoint.host), port: http.endpoint.port };
  const where = showAddress(address);
  if (address.port === 0)
    throw new Error('http.endpoint has port 0, so nobody knows where the daemon listens');
  const socket = await connection(http, address, secrets).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ECONNREFUSED' ? 'is the daemon running?' : error.message;
    throw new Error(`nobody answers at ${where}; ${why}`);
  });
  try {
    const token = secrets.token(http);
    const { status, body } = await exchange(socket, where, token);
    if (status === 401 || status === 403) throw new Error(`the daemon at ${where} wants another token`);
    if (status !== 200) throw new Error(`the daemon at ${where} answered ${status}`);
    return parsed(body, where);
  } finally {
    socket.destroy();
  }
}

/** An address of all interfaces is one to listen at; this machine is asked by its own. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** Over TLS the other side has to show the very certificate of the configuration, before it is sent the token. */
function connection(
  { tls }: HttpConfig,
  address: { readonly host: string; readonly port: number },
  secrets: LoadedConfig['secrets'],
): Promise<Socket> {
  return new Promise((done, failed) => {
    const own = tls === undefined ? undefined : secrets.serverTls(tls).cert;
    const socket =
      own === undefined ? connectPlain(address) : connectTls({ ...address, rejectUnauthorized: false });
    socket.setTimeout(timeoutMillis, () => socket.destroy(new Error('no answer within 5s')));
    socket.on('error', failed);
    socket.on('connect', () => {
      if (own === undefined) done(socket);
    });
    socket.on('secureConnect', () => {
      const shown = 'getPeerX509Certificate' in socket ? socket.getPeerX509Certificate() : undefined;
      if (shown?.fingerprint256 === new X509Certificate(own!).fingerprint256) done(socket);
      else socket.destroy(new Error('who answers shows another certificate than http.tls.certFile'));
    });
  });
}

function exchange(
  socket: Socket,
  where: string,
  token: string | undefined,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((done, failed) => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const call = request({
      path: '/status',
      headers: { host: where, ...authorization },
      createConnection: () => socket,
    });
    call.on('error', (error) => failed(new Error(`nobody answers at ${where}; ${error.message}`)));
    call.on('response', (response: IncomingMessage) => {
      const pieces: Buffer[] = [];
      let size = 0;
      response.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > maxBytes) call.destroy(new Error('its answer is too long'));
        else pieces.push(piece);
      });
      response.on('error', failed);
      response.on('end', () =>
        done({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString('utf8') }),
      );
    });
    call.end();
  });
}

function parsed(body: string, where: string): StatusReport {
  try {
    const report = JSON.parse(body) as StatusReport;
    if (Array.isArray(report.sinks) && Array.isArray(report.receivers)) return report;
  } catch {
    // Not even JSON.
  }
  throw new Error(`at ${where} something else answers than this version of distlogd`);
}
