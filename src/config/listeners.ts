import { ipcPath, type ListenAddress, zmqAddress } from '../net/index.ts';
import type { DaemonConfig, Partly } from './daemon-config.ts';

/** An address that the daemon listens on. */
export interface Listener {
  /** The key of the component that opens it: `receivers.zmqAck`, `http`. */
  readonly path: string;
  readonly address?: ListenAddress | undefined;
  /** The path of an `ipc://` socket. */
  readonly socket?: string | undefined;
}

/** The listeners of a configuration whose address is valid. */
export function listenersOf({ receivers, http, sinks }: Partly<DaemonConfig>): readonly Listener[] {
  const found: Listener[] = [];
  for (const name of ['zmqAck', 'zmqPush'] as const) {
    const endpoint = receivers?.[name]?.endpoint;
    if (endpoint === undefined) continue;
    found.push({ path: `receivers.${name}`, address: zmqAddress(endpoint), socket: ipcPath(endpoint) });
  }
  for (const sink of sinks ?? []) {
    if (sink?.type !== 'publish' || sink.endpoint === undefined) continue;
    const { endpoint } = sink;
    found.push({ path: `sinks.${sink.name}`, address: zmqAddress(endpoint), socket: ipcPath(endpoint) });
  }
  const servers = {
    'receivers.otlpGrpc': receivers?.otlpGrpc,
    'receivers.otlpHttp': receivers?.otlpHttp,
    http,
  };
  for (const [path, server] of Object.entries(servers)) {
    const { host, port } = server?.endpoint ?? {};
    if (host !== undefined && port !== undefined) found.push({ path, address: { host, port } });
  }
  return found;
}
