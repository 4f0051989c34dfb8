// Runs distlogd as a separate process, and a Collector that it sends to, if this machine has one.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findCollector } from '../../scripts/collector.js';
import { readCollectorFile, readCollectorSpans } from '../../test/support/collector-json.js';
import { startCollector } from '../../test/support/collector-process.js';

/** The program of `npx -p burstlog distlogd`. */
const distlogd = fileURLToPath(new URL('../../dist/esm/cli/distlogd.js', import.meta.url));
const collectorConfig = fileURLToPath(new URL('../../collector-config/collector.yaml', import.meta.url));
const endMillis = 15_000;

/**
 * @typedef {import('../../test/support/otlp-decode.js').DecodedRecord} DecodedRecord
 *
 * @typedef {object} Daemon
 * @property {number} pid
 * @property {string} endpoint where services send log records
 * @property {string | undefined} otlpEndpoint where they send spans and metrics; undefined: there is no Collector
 * @property {string} collector where the daemon sends, for people
 * @property {() => Promise<Received>} stop ends it when it has written everything, and returns what has arrived
 *
 * @typedef {object} Received
 * @property {DecodedRecord[]} records in the file that the daemon writes
 * @property {{ records: number, spans: number } | undefined} collected how many the Collector has received;
 *   undefined: there is none
 * @property {string} file lines of OTLP/JSON
 * @property {() => Promise<void>} cleanUp removes the files
 */

/** @returns {Promise<Daemon>} when it is ready */
export async function startDaemon() {
  const folder = mkdtempSync(join(tmpdir(), 'burstlog-start-'));
  const file = join(folder, 'records.jsonl');
  const collector = await collectorOrReason();
  writeFileSync(join(folder, 'distlogd.yaml'), configuration(file, collector.grpcPort));
  const args = [distlogd, 'run', '--config', join(folder, 'distlogd.yaml')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const ended = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      process.off('exit', killWithUs);
      resolve(signal ?? `code ${code}`);
    });
  });

  return {
    pid: child.pid,
    endpoint: await endpointOf(child, ended),
    otlpEndpoint: collector.grpcPort && `http://127.0.0.1:${collector.grpcPort}`,
    collector: collector.name,
    async stop() {
      const timer = setTimeout(killWithUs, endMillis);
      child.kill('SIGTERM');
      const how = await ended;
      clearTimeout(timer);
      if (how !== 'code 0') throw new Error(`distlogd did not end well: ${how}`);
      const collected = await collector.stop();
      const cleanUp = async () => {
        await collector.cleanUp();
        rmSync(folder, { recursive: true });
      };
      return { records: readCollectorFile(file), collected, file, cleanUp };
    },
  };
}

/** Port 0 is any free port. */
function configuration(file, collectorPort) {
  const lines = [
    'data: ./data',
    // No port for health and metrics: the usual one may be in use.
    'http:',
    'receivers:',
    '  zmqAck: { endpoint: "tcp://127.0.0.1:0" }',
    'sinks:',
    `  file: { type: file, path: ${JSON.stringify(file)} }`,
  ];
  if (collectorPort !== undefined) {
    lines.push(`  collector: { type: otlp, protocol: grpc, endpoint: "http://127.0.0.1:${collectorPort}" }`);
  }
  return `${lines.join('\n')}\n`;
}

async function collectorOrReason() {
  const none = (reason) => ({
    name: `none (${reason})`,
    stop: async () => undefined,
    cleanUp: async () => {},
  });
  const found = findCollector();
  if (found.path === undefined) return none(found.reason);
  try {
    const collector = await startCollector({ config: collectorConfig, startMillis: 5_000 });
    return {
      name: `OpenTelemetry Collector (${basename(found.path)}), port ${collector.grpcPort}`,
      grpcPort: collector.grpcPort,
      async stop() {
        await collector.stop();
        const records = [collector.burstsFile, collector.restFile].flatMap(readCollectorFile);
        return { records: records.length, spans: readCollectorSpans(collector.tracesFile).length };
      },
      cleanUp: () => collector.cleanUp(),
    };
  } catch (error) {
    const said = error.message.replace(/^.* said:/s, '').trim();
    return none(`${found.path} did not start: ${said.split('\n').at(-1) || 'it said nothing'}`);
  }
}

/** The daemon prints its addresses when it is ready. Its other output is passed on. */
function endpointOf(child, ended) {
  return new Promise((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      const [, endpoint] = /ready: .*zmqAck (\S+?),? /.exec(`${line} `) ?? [];
      if (endpoint !== undefined) resolve(endpoint);
      else if (!/ INFO /.test(line)) console.error(line);
    });
    ended.then((how) =>
      reject(new Error(`distlogd did not start, it ended with ${how}; what it said is above`)),
    );
  });
}
