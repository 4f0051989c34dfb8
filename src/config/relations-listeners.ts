import { collides, ipcPath, isLoopback, type ListenAddress, showAddress, zmqAddress } from '../net/index.ts';
import type { Relations } from './relations.ts';

/** An address that the daemon opens. */
export interface Listener {
  /** The receiver's key, or `http`. */
  readonly path: string;
  readonly kind: 'zmq' | 'web';
  readonly address?: ListenAddress | undefined;
  /** Of `ipc://`. */
  readonly socket?: string | undefined;
  readonly insecure: boolean;
}

const zmqNames = ['zmqAck', 'zmqPush'] as const;
const otlpNames = ['otlpGrpc', 'otlpHttp'] as const;

/** Those whose address is sound. */
export function listenersOf(config: Relations['config']): readonly Listener[] {
  const found: Listener[] = [];
  for (const name of zmqNames) {
    const { endpoint, insecure } = config.receivers?.[name] ?? {};
    if (endpoint === undefined) continue;
    const [address, socket] = [zmqAddress(endpoint), ipcPath(endpoint)];
    found.push({ path: `receivers.${name}`, kind: 'zmq', address, socket, insecure: insecure === true });
  }
  const web = otlpNames.map((name) => [`receivers.${name}`, config.receivers?.[name]] as const);
  for (const [path, part] of [...web, ['http', config.http] as const]) {
    if (part?.endpoint === undefined) continue;
    found.push({ path, kind: 'web', address: part.endpoint, insecure: part.insecure === true });
  }
  return found;
}

export function checkListeners(relations: Relations, listeners: readonly Listener[]): void {
  const { config, has, fault } = relations;
  const names = [...zmqNames, ...otlpNames];
  if (config.receivers !== undefined && !names.some((name) => has(`receivers.${name}`))) {
    fault('receivers', `at least one of ${names.join(', ')}, got none`);
  }
  for (const [index, listener] of listeners.entries()) {
    checkKeys(relations, listener);
    checkProtection(relations, listener);
    const taken = listeners.slice(0, index).find((other) => sameAddress(listener, other));
    if (taken === undefined) continue;
    const what = listener.address === undefined ? listener.socket : `port ${listener.address.port}`;
    // The later of the two, unless that is a default and the other is not.
    const isDefault = !has(`${listener.path}.endpoint`) && has(`${taken.path}.endpoint`);
    const [wrong, other] = isDefault ? [taken, listener] : [listener, taken];
    fault(`${wrong.path}.endpoint`, `${what} is taken by ${other.path}.endpoint already`);
  }
}

function sameAddress(a: Listener, b: Listener): boolean {
  if (a.address !== undefined && b.address !== undefined) return collides(a.address, b.address);
  return a.socket !== undefined && a.socket === b.socket;
}

/** Keys that stand for each other. */
function checkKeys({ has, fault }: Relations, { path, kind }: Listener): void {
  if (kind === 'web') {
    if (has(`${path}.token`) && has(`${path}.tokenFile`)) fault(path, 'takes token or tokenFile, got both');
    return;
  }
  if (!has(`${path}.curve`)) return;
  for (const [first, second] of [
    ['secretKey', 'secretKeyFile'],
    ['allow', 'allowFile'],
  ]) {
    const given = [first, second].filter((key) => has(`${path}.curve.${key}`)).length;
    if (given === 1) continue;
    fault(`${path}.curve`, `needs ${first} or ${second}, got ${given === 0 ? 'neither' : 'both'}`);
  }
}

/** Who opens an address to others says how he knows them, or that he does not care. */
function checkProtection({ has, fault }: Relations, { path, kind, address, insecure }: Listener): void {
  if (address === undefined || isLoopback(address.host) || insecure) return;
  const knowsClients = ['token', 'tokenFile', 'tls.clientCaFile'].some((key) => has(`${path}.${key}`));
  const missing =
    kind === 'zmq'
      ? { curve: has(`${path}.curve`) }
      : { tls: has(`${path}.tls`), 'a token or tls.clientCaFile': knowsClients };
  const names = Object.entries(missing).filter(([, there]) => !there);
  if (names.length === 0) return;
  const wish = names.map(([name]) => name).join(' and ');
  fault(
    `${path}.endpoint`,
    `${showAddress(address)} can be reached from other machines: needs ${wish}, or insecure: true`,
  );
}
