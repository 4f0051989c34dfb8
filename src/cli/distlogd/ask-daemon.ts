import { X509Certificate } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HttpConfig, LoadedConfig } from '../../config/index.ts';
import { dataLayout } from '../../disk/index.ts';
import { showAddress } from '../../net/index.ts';

const timeoutMillis = 5_000;
const maxBytes = 16_777_216;

/** The response of the daemon. */
export interface DaemonAnswer {
  /** The requested address, for messages. */
  readonly where: string;
  readonly status: number;
  readonly body: string;
}

/**
 * Sends a request to the daemon of this configuration, on this machine: to `http.endpoint`, or, if no fixed
 * address is configured, to its Unix domain socket.
 * @throws (rejects) if it does not respond within five seconds, or rejects the token
 */
export async function askDaemon(
  { config, secrets }: LoadedConfig,
  method: 'GET' | 'POST',
  path: string,
): Promise<DaemonAnswer> {
  const { http } = config;
  if (http === undefined || http.endpoint.port === 0) {
    const where = dataLayout(config.data).socket;
    if (process.platform === 'win32') throw new Error('http is disabled in the configuration, or has port 0');
    const socket = await answering(where, plainConnection({ path: where }));
    return { where, ...(await exchange(socket, where, { host: 'localhost' }, method, path)) };
  }
  const address = { host: reachable(http.endpoint.host), port: http.endpoint.port };
  const where = showAddress(address);
  const socket = await answering(where, connection(http, address, secrets));
  const { token } = secrets.forServer(http);
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await exchange(socket, where, { host: where, ...authorization }, method, path);
  if (answer.status === 401 || answer.status === 403)
    throw new Error(`the daemon at ${where} rejected the token`);
  return { where, ...answer };
}

function answering(where: string, connecting: Promise<Socket>): Promise<Socket> {
  return connecting.catch((error: NodeJS.ErrnoException) => {
    const isAbsent = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
    throw new Error(`no answer from ${where}; ${isAbsent ? 'is the daemon running?' : error.message}`);
  });
}

function plainConnection(to: { readonly path: string }): Promise<Socket> {
  return new Promise((done, failed) => {
    const socket = connectPlain(to);
    socket.setTimeout(timeoutMillis, () => socket.destroy(new Error('no answer within 5s')));
    socket.on('error', failed).on('connect', () => done(socket));
  });
}

/** Replaces an address of all interfaces, which is only for listening, by the loopback address. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/**
 * Connects. Over TLS, the server must present the certificate of the configuration before the token is sent.
 */
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
      else socket.destroy(new Error('the certificate of the server differs from http.tls.certFile'));
    });
  });
}

function exchange(
  socket: Socket,
  where: string,
  headers: Readonly<Record<string, string>>,
  method: 'GET' | 'POST',
  path: string,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((done, failed) => {
    const call = request({ method, path, headers, createConnection: () => socket });
    call.on('close', () => socket.destroy());
    call.on('error', (error) => failed(new Error(`no answer from ${where}; ${error.message}`)));
    call.on('response', (response: IncomingMessage) => {
      const pieces: Buffer[] = [];
      let size = 0;
      response.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > maxBytes) call.destroy(new Error('the response is too long'));
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
