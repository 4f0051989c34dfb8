// Runs a service as a separate process, as in production.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const endMillis = 10_000;

/**
 * Resolves when the service listens, on a free port.
 *
 * @param {string} file of the service, in this folder
 * @param {Record<string, string>} environment additional environment variables
 * @returns {Promise<Service>}
 *
 * @typedef {object} Service
 * @property {string} url
 * @property {number} pid
 * @property {() => Promise<import('burstlog').BurstStats>} stats the counts of its log records
 * @property {() => Promise<void>} stop sends it a signal, and resolves when it has ended
 */
export async function startService(file, environment) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const env = {
    ...process.env,
    ...environment,
    PORT: '0',
    HOST: '127.0.0.1',
    // Otherwise gRPC would connect to this machine through a configured proxy.
    no_grpc_proxy: '127.0.0.1',
  };
  const child = spawn(process.execPath, [path], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const ended = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      process.off('exit', killWithUs);
      resolve(signal ?? `code ${code}`);
    });
  });

  return {
    url: `http://127.0.0.1:${await portOf(child, ended)}`,
    pid: child.pid,
    async stats() {
      return (await fetch(`${this.url}/stats`)).json();
    },
    async stop() {
      const timer = setTimeout(killWithUs, endMillis);
      child.kill('SIGTERM');
      const how = await ended;
      clearTimeout(timer);
      if (how !== 'code 0') throw new Error(`the service did not end well: ${how}`);
    },
  };
}

/** The service prints its port when it listens. */
function portOf(child, ended) {
  return new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const [, port] = /listens on port (\d+)/.exec(line) ?? [];
      if (port !== undefined) resolve(port);
    });
    ended.then((how) => {
      reject(new Error(`the service did not start, it ended with ${how}; what it said is above`));
    });
  });
}
