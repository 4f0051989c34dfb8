import { connect } from 'node:net';
import { errorText, shown } from '../record/index.ts';

/** How long a look at a socket file may take. It is on this machine. */
const LOOK_MILLIS = 1_000;

/** @throws TypeError unless it is `tcp://host:port` or `ipc://path` */
export function checkEndpoint(name: string, endpoint: unknown): asserts endpoint is string {
  if (typeof endpoint === 'string') {
    if (/^tcp:\/\/[^\s/;]+:(?:\d{1,5}|\*)$/.test(endpoint)) return;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a path with a NUL would be cut there.
    if (/^ipc:\/\/[^\u0000]+$/.test(endpoint)) return;
  }
  throw new TypeError(
    `${name} must be tcp://<host>:<port> or ipc://<path>, as tcp://127.0.0.1:5010, got ${shown(endpoint)}`,
  );
}

/** Whether only this machine can reach an endpoint. */
export function isLocal(endpoint: string): boolean {
  if (endpoint.startsWith('ipc://')) return true;
  const host = endpoint.slice('tcp://'.length, endpoint.lastIndexOf(':'));
  return /^127(?:\.\d{1,3}){3}$/.test(host) || host === 'localhost' || host === '[::1]' || host === '::1';
}

/**
 * Records carry secrets more often than their authors know: beyond this machine they travel encrypted, and a
 * receiver takes them from known clients only.
 * @throws Error unless the endpoint is local, or has CURVE keys, or is declared insecure
 */
export function checkPrivate(
  name: string,
  endpoint: string,
  options: { readonly curve?: object | undefined; readonly insecure?: boolean | undefined },
): void {
  if (isLocal(endpoint) || options.curve !== undefined || options.insecure === true) return;
  throw new Error(
    `${name} ${endpoint} is not on the loopback interface and has no CURVE keys: set curve (make keys with ` +
      '`distlogd keygen`), or insecure: true if the network itself is private',
  );
}

/**
 * Looks whether somebody listens on an `ipc://` path already: ZeroMQ would take it from them without a word.
 * @throws (rejects) if so
 */
export async function checkFree(endpoint: string, setting: string): Promise<void> {
  if (!endpoint.startsWith('ipc://') || endpoint === 'ipc://*') return;
  const path = endpoint.slice('ipc://'.length);
  // ZeroMQ writes abstract names of Linux with an at sign.
  const listens = await answers(path.startsWith('@') ? `\0${path.slice(1)}` : path);
  if (listens) throw cannotListen(endpoint, setting, 'another process listens there');
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
    socket.setTimeout(LOOK_MILLIS, () => finish(true));
  });
}

/** The error of a receiver that could not open its socket. */
export function cannotListen(endpoint: string, setting: string, error: unknown): Error {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  const why =
    typeof error === 'string'
      ? error
      : code === 'EADDRINUSE'
        ? 'the address is in use (EADDRINUSE)'
        : errorText(error);
  return new Error(`cannot listen on ${endpoint}: ${why}; the setting is ${setting}`, { cause: error });
}
