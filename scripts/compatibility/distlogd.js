// The daemon for the ZeroMQ programs of the compatibility table.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../test/support/free-port.js';

/** Longer than a record and a daemon need, also on a busy machine. */
const WAIT_MILLIS = 120_000;

/**
 * @param {readonly string[]} command the command that runs a JavaScript program
 * @param {string} program the path of distlogd
 */
export async function startDistlogd(command, program) {
  const folder = mkdtempSync(join(tmpdir(), 'burstlog-compatibility-'));
  const endpoints = {
    ENDPOINT_ACK: `tcp://127.0.0.1:${await freePort()}`,
    ENDPOINT_PUSH: `tcp://127.0.0.1:${await freePort()}`,
  };
  const configuration = {
    data: join(folder, 'data'),
    receivers: {
      zmqAck: { endpoint: endpoints.ENDPOINT_ACK },
      zmqPush: { endpoint: endpoints.ENDPOINT_PUSH },
    },
    http: false,
    sinks: { out: { type: 'file', path: join(folder, 'out.jsonl') } },
  };
  // YAML is a superset of JSON.
  writeFileSync(join(folder, 'distlogd.yaml'), JSON.stringify(configuration));
  const [name = '', ...first] = command;
  const daemon = spawn(name, [...first, program, 'run', '-c', join(folder, 'distlogd.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(daemon, 'close').catch(() => []);
  let errors = '';
  daemon.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return {
    endpoints,
    /** @param {string} mark resolves whether a record with this body is written within the timeout */
    async has(mark) {
      const out = join(folder, 'out.jsonl');
      for (const end = Date.now() + WAIT_MILLIS; Date.now() < end; await setTimeout(50)) {
        if (existsSync(out) && readFileSync(out, 'utf8').includes(mark)) return true;
        if (daemon.exitCode !== null) return false;
      }
      return false;
    },
    async stop() {
      daemon.kill('SIGTERM');
      const giveUp = new AbortController();
      await Promise.race([ended, setTimeout(WAIT_MILLIS, undefined, { signal: giveUp.signal })]);
      giveUp.abort();
      daemon.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      return { exitCode: daemon.exitCode, errors };
    },
  };
}
