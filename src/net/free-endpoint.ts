import { connect } from 'node:net';
import { cannotListen } from './listen.ts';
import { connectTarget, ipcPath } from './zmq-endpoint.ts';

/** How long a connection attempt may take. The socket is on this machine. */
const LOOK_MILLIS = 1_000;

/**
 * Checks that no process listens on an `ipc://` path. ZeroMQ would silently take the path from that process.
 * @throws (rejects) if a process listens there
 */
export async function checkFree(endpoint: string, setting: string): Promise<void> {
  if (ipcPath(endpoint) === undefined || !(await answers(endpoint))) return;
  throw cannotListen(endpoint, setting, Object.assign(new Error('in use'), { code: 'EADDRINUSE' }));
}

function answers(endpoint: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(connectTarget(endpoint));
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
    socket.setTimeout(LOOK_MILLIS, () => finish(true));
  });
}
