import { X509Certificate } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HttpConfig, LoadedConfig } from '../../config/index.ts';
import { showAddress } from '../../net/index.ts';

const timeoutMillis = 5_000;
const maxBytes = 16_777_216;

/** What the daemon answered. */
export interface DaemonAnswer {
  /** The address that was asked, for messages. */
  readonly where: string;
  readonly status: number;
  readonly body: string;
}

/**
 * Asks the daemon of this configuration, on this machine.
 * @throws (rejects) when it does not answer within five seconds, or wants another token
 */
export async function askDaemon(
  { config, secrets }: LoadedConfig,
  method: 'GET' | 'POST',
  path: string,
): Promise<DaemonAnswer> {
  const http = config.http;
  if (http === undefined) throw new Error('http is off in the configuration');
  const address = { host: reachable(http.endpoint.host), port: http.endpoint.port };
  const where = showAddress(address);
  if (address.port === 0)
    throw new Error('http.endpoint has port 0, so the address of the daemon is unknown');
  const socket = await connection(http, address, secrets).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ECONNREFUSED' ? 'is the daemon running?' : error.message;
    throw new Error(`no answer from ${where}; ${why}`);
  });
  try {
    const { token } = secrets.forServer(http);
    const answer = await exchange(socket, where, token, method, path);
    if (answer.status === 401 || answer.status === 403)
      throw new Error(`the daemon at ${where} refused the token`);
    return { where, ...answer };
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
  http: HttpConfig,
  address: { readonly host: string; readonly port: number },
  secrets: LoadedConfig['secrets'],
): Promise<Socket> {
  return new Promise((done, failed) => {
    const own = secrets.forServer(http).tls?.cert;
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
      else socket.destroy(new Error('the server has another certificate than http.tls.certFile'));
    });
  });
}

function exchange(
  socket: Socket,
  where: string,
  token: string | undefined,
  method: 'GET' | 'POST',
  path: string,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((done, failed) => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const call = request({
      method,
      path,
      headers: { host: where, ...authorization },
      createConnection: () => socket,
    });
    call.on('error', (error) => failed(new Error(`no answer from ${where}; ${error.message}`)));
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
