import { connect } from 'node:net';
import { errorText } from '../record/index.ts';
import { shown } from '../settings/index.ts';

/** How long a look at a socket file may take. It is on this machine. */
const LOOK_MILLIS = 1_000;
/** How long after such a look the next one comes. */
const FREE_MILLIS = 2;

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
  if (await answers(endpoint)) throw cannotListen(endpoint, setting, 'another process listens there');
}

/** Resolves when nobody listens any more on an endpoint of this machine, or after `boundMillis`. */
export async function untilFree(endpoint: string, boundMillis: number): Promise<void> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < boundMillis && (await answers(endpoint))) {
    await new Promise((resolve) => setTimeout(resolve, FREE_MILLIS));
  }
}

function answers(endpoint: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(addressOf(endpoint));
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
    socket.setTimeout(LOOK_MILLIS, () => finish(true));
  });
}

function addressOf(endpoint: string): { path: string } | { host: string; port: number } {
  if (endpoint.startsWith('tcp://')) {
    const at = endpoint.lastIndexOf(':');
    const host = endpoint.slice('tcp://'.length, at).replace(/^\[|\]$/g, '');
    return { host: host === '*' ? '127.0.0.1' : host, port: Number(endpoint.slice(at + 1)) };
  }
  const path = endpoint.slice('ipc://'.length);
  // ZeroMQ writes abstract names of Linux with an at sign.
  return { path: path.startsWith('@') ? `\0${path.slice(1)}` : path };
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
