// Runs a real OpenTelemetry Collector for a test, on free ports and in a folder of its own.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findCollector } from '../../scripts/collector.js';
import { freePort } from './free-port.js';

/**
 * @typedef {object} CollectorOptions
 * @property {string | readonly string[]} config YAML text or the path of a file; several are joined by the Collector
 * @property {Readonly<Record<string, string>>} [env] for `${env:…}` in the configuration; it wins over our own
 * @property {number} [grpcPort] a free one if it is not given
 * @property {number} [httpPort] a free one if it is not given
 * @property {number} [startMillis] how long the Collector may take to be ready; 60 000
 */

/**
 * @typedef {object} RunningCollector
 * @property {number} pid
 * @property {number} grpcPort
 * @property {number} httpPort
 * @property {string} directory where it runs; `cleanUp` removes it
 * @property {string} burstsFile where `collector.yaml` writes errors and bursts
 * @property {string} restFile where `collector.yaml` writes the other log records
 * @property {string} tracesFile where `collector.yaml` writes spans
 * @property {string} logs what it has said so far
 * @property {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} stopped
 * @property {(signal?: NodeJS.Signals) => Promise<void>} kill sends the signal, SIGKILL if none is given, and
 *   resolves when the process is gone; its files stay
 * @property {() => Promise<void>} stop ends it with SIGTERM: it writes out what it holds; its files stay
 * @property {() => Promise<void>} cleanUp kills it if it runs and removes its folder; may be called twice
 */

/** What the Collector says when every part of it has started. */
const readyWords = 'Everything is ready';

/**
 * Two Collectors at a time would both want port 8888 for their own figures, and the words above are of level info.
 */
const forTests = [
  'yaml:service::telemetry::metrics::level: none',
  'yaml:service::telemetry::metrics::readers: []',
  'yaml:service::telemetry::logs::level: info',
];

/**
 * Resolves when the Collector is ready; rejects with what it said when it ends before.
 *
 * The configuration finds its ports and files in the variables of `collector-config/collector.yaml`:
 * COLLECTOR_GRPC_ENDPOINT, COLLECTOR_HTTP_ENDPOINT, COLLECTOR_HEALTH_ENDPOINT, COLLECTOR_BURSTS_FILE,
 * COLLECTOR_REST_FILE, COLLECTOR_TRACES_FILE, COLLECTOR_METRICS_FILE, COLLECTOR_QUEUE_DIRECTORY.
 *
 * @param {CollectorOptions} options
 * @returns {Promise<RunningCollector>}
 */
export async function startCollector(options) {
  const directory = mkdtempSync(join(tmpdir(), 'burstlog-collector-'));
  try {
    return await startIn(directory, options);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** @param {string} directory @param {CollectorOptions} options @returns {Promise<RunningCollector>} */
async function startIn(directory, { config, env = {}, grpcPort, httpPort, startMillis = 60_000 }) {
  const program = requireCollector();
  const configs = [config]
    .flat()
    .map((each, index) => configPath(each, join(directory, `config-${index}.yaml`)));
  const ports = { grpcPort: grpcPort ?? (await freePort()), httpPort: httpPort ?? (await freePort()) };
  const health = await freePort();
  const burstsFile = join(directory, 'bursts.jsonl');
  const restFile = join(directory, 'rest.jsonl');
  const tracesFile = join(directory, 'traces.jsonl');
  const child = spawn(
    program,
    [...configs, ...forTests].flatMap((each) => ['--config', each]),
    {
      cwd: directory,
      env: {
        PATH: process.env.PATH,
        COLLECTOR_GRPC_ENDPOINT: `127.0.0.1:${ports.grpcPort}`,
        COLLECTOR_HTTP_ENDPOINT: `127.0.0.1:${ports.httpPort}`,
        COLLECTOR_HEALTH_ENDPOINT: `127.0.0.1:${health}`,
        COLLECTOR_BURSTS_FILE: burstsFile,
        COLLECTOR_REST_FILE: restFile,
        COLLECTOR_TRACES_FILE: tracesFile,
        COLLECTOR_METRICS_FILE: join(directory, 'metrics.jsonl'),
        COLLECTOR_QUEUE_DIRECTORY: join(directory, 'queue'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const collector = watch(child);
  try {
    await collector.ready(startMillis);
  } catch (error) {
    await collector.kill('SIGKILL');
    throw error;
  }
  return {
    pid: /** @type {number} */ (child.pid),
    ...ports,
    directory,
    burstsFile,
    restFile,
    tracesFile,
    get logs() {
      return collector.logs();
    },
    stopped: collector.stopped,
    kill: (signal = 'SIGKILL') => collector.kill(signal),
    stop: () => collector.kill('SIGTERM'),
    async cleanUp() {
      await collector.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child */
function watch(child) {
  let said = '';
  let ended = false;
  let heard = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (words) => {
      said += words;
      heard();
    });
  }
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  /** @type {RunningCollector['stopped']} */
  const stopped = new Promise((done) => {
    child.once('error', (error) => {
      said += `${error.message}\n`;
      if (child.pid === undefined) child.emit('close', null, null);
    });
    child.once('close', (code, signal) => {
      ended = true;
      process.off('exit', killWithUs);
      heard();
      done({ code, signal });
    });
  });

  return {
    stopped,
    logs: () => said,
    /** @param {number} millis @returns {Promise<void>} */
    ready: (millis) =>
      new Promise((done, fail) => {
        const timer = setTimeout(() => {
          fail(new Error(`the Collector was not ready within ${millis} ms; it said:\n${said}`));
        }, millis);
        heard = () => {
          if (!ended && !said.includes(readyWords)) return;
          clearTimeout(timer);
          heard = () => {};
          if (ended) fail(new Error(`the Collector did not start; it said:\n${said}`));
          else done();
        };
        heard();
      }),
    /** @param {NodeJS.Signals} signal */
    async kill(signal) {
      if (!ended) child.kill(signal);
      await stopped;
    },
  };
}

/**
 * What the Collector's `validate` says of a configuration: nothing where it is sound.
 *
 * @param {string | readonly string[]} config paths
 * @param {Readonly<Record<string, string>>} [env]
 * @returns {Promise<string>}
 */
export function validateCollectorConfig(config, env = {}) {
  const parameters = [config].flat().flatMap((each) => ['--config', resolve(each)]);
  return new Promise((done) => {
    execFile(
      requireCollector(),
      ['validate', ...parameters],
      { env: { PATH: process.env.PATH, ...env } },
      (error, stdout, stderr) => done(error ? `${stdout}${stderr}` || error.message : ''),
    );
  });
}

/**
 * A jest `describe` for tests that need a Collector. Where there is none they are skipped, under a name that says
 * why. Every Collector that a test has started through `startCollector` of the parameter is gone after the test.
 *
 * @param {string} name
 * @param {(tools: { startCollector: typeof startCollector }) => void} define
 */
export function describeWithCollector(name, define) {
  const found = findCollector();
  if (found.path === undefined) {
    describe.skip(`${name} (needs a Collector: ${found.reason})`, () => define({ startCollector }));
    return;
  }
  describe(name, () => {
    /** @type {RunningCollector[]} */
    const started = [];
    afterEach(async () => {
      await Promise.all(started.splice(0).map((collector) => collector.cleanUp()));
    });
    define({
      async startCollector(options) {
        const collector = await startCollector(options);
        started.push(collector);
        return collector;
      },
    });
  });
}

function requireCollector() {
  const found = findCollector();
  if (found.path === undefined) throw new Error(`there is no Collector to start: ${found.reason}`);
  return found.path;
}

/** @param {string} config @param {string} fallback where to write text @returns {string} */
function configPath(config, fallback) {
  if (!config.includes('\n')) {
    if (existsSync(config)) return resolve(config);
    throw new Error(`the Collector's configuration ${config} is no file, and no YAML of more than one line`);
  }
  writeFileSync(fallback, config);
  return fallback;
}
