// Finds or builds an OpenTelemetry Collector: `node scripts/collector.js [--build]` prints its path.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifestPath = join(root, 'collector-config/builder.yaml');
const oldestGo = { major: 1, minor: 25 };

/**
 * The path of a Collector, or the reason why there is none and how to get one.
 *
 * @typedef {{ readonly path: string, readonly reason?: undefined }
 *         | { readonly path?: undefined, readonly reason: string }} FoundCollector
 */

/**
 * Searches for a Collector: `OTELCOL_BIN`, then `otelcol-contrib` and `otelcol` on the PATH, then a cached
 * build. An invalid `OTELCOL_BIN` is reported, not ignored.
 *
 * @param {Readonly<Record<string, string | undefined>>} [environment]
 * @returns {FoundCollector}
 */
export function findCollector(environment = process.env) {
  const given = environment.OTELCOL_BIN;
  if (given) {
    if (isProgram(given)) return { path: resolve(given) };
    return { reason: `OTELCOL_BIN must be the path of a program, got ${given}` };
  }
  for (const name of ['otelcol-contrib', 'otelcol']) {
    for (const folder of (environment.PATH ?? '').split(delimiter)) {
      if (folder && isProgram(join(folder, name))) return { path: resolve(folder, name) };
    }
  }
  const built = builtCollectorPath(environment);
  if (isProgram(built)) return { path: built };
  return {
    reason:
      'no otelcol-contrib or otelcol on the PATH: set OTELCOL_BIN, or run node scripts/collector.js --build',
  };
}

/**
 * Builds the Collector of `collector-config/builder.yaml` into the cache and returns its path. It takes
 * minutes. Concurrent builds are safe: each has its own folder, and the first one to finish is kept.
 *
 * @param {Readonly<Record<string, string | undefined>>} [environment]
 * @returns {Promise<string>}
 */
export async function buildCollector(environment = process.env) {
  requireGo();
  const manifest = readManifest();
  const target = builtCollectorPath(environment);
  const cache = dirname(dirname(target));
  mkdirSync(cache, { recursive: true });
  const workshop = mkdtempSync(join(cache, `.build-${process.pid}-`));
  const stop = () => {
    rmSync(workshop, { recursive: true, force: true });
    process.exit(130);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    report(`1 of 2: building the builder, ${manifest.builder}`);
    await run('go', ['install', manifest.builder], workshop, { GOBIN: workshop });
    report(`2 of 2: building ${manifest.name} ${manifest.version}, two to five minutes the first time`);
    await run(join(workshop, 'builder'), ['--config', manifestPath, '--ldflags=-s -w'], workshop, {});
    const result = join(workshop, 'result');
    mkdirSync(result);
    renameSync(join(workshop, 'build', manifest.name), join(result, manifest.name));
    moveInto(result, target);
    report('done');
    return target;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** @param {string} result @param {string} target */
function moveInto(result, target) {
  try {
    renameSync(result, dirname(target));
  } catch (error) {
    if (!isProgram(target)) throw error; // otherwise another build finished first
  }
}

/**
 * The folder name contains the version and a digest of the manifest, so that a changed manifest is built again.
 *
 * @param {Readonly<Record<string, string | undefined>>} environment
 */
function builtCollectorPath(environment) {
  const { name, version, digest } = readManifest();
  const cache = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), '.cache');
  return join(cache, 'burstlog', `otelcol-${version}-${digest}`, name);
}

function readManifest() {
  const manifest = parse(readFileSync(manifestPath, 'utf8'));
  const { name, version } = manifest.dist;
  const digest = createHash('sha256').update(JSON.stringify(manifest)).digest('hex').slice(0, 8);
  return { name, version, digest, builder: `go.opentelemetry.io/collector/cmd/builder@v${version}` };
}

function requireGo() {
  let version;
  try {
    version = execFileSync('go', ['env', 'GOVERSION'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    throw new Error('the Collector was not built: go is not installed; install Go, or set OTELCOL_BIN');
  }
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) > oldestGo.major || Number(minor) >= oldestGo.minor) return;
  const wanted = `Go ${oldestGo.major}.${oldestGo.minor} or newer`;
  throw new Error(
    `the Collector was not built: it needs ${wanted}, got ${version.trim()}; update Go, or set OTELCOL_BIN`,
  );
}

/**
 * Runs a program with its output on standard error, because standard output contains only the path.
 *
 * @param {string} program @param {string[]} parameters @param {string} folder
 * @param {Record<string, string>} environment
 * @returns {Promise<void>}
 */
function run(program, parameters, folder, environment) {
  return new Promise((done, fail) => {
    const child = spawn(program, parameters, {
      cwd: folder,
      env: { ...process.env, CGO_ENABLED: '0', ...environment },
      stdio: ['ignore', 2, 2],
    });
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      if (code === 0) done();
      else
        fail(
          new Error(
            `the Collector was not built: ${program} exited with ${signal ?? `code ${code}`}; see above`,
          ),
        );
    });
  });
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** @param {string} words */
function report(words) {
  process.stderr.write(`collector: ${words}\n`);
}

/** @param {string[]} parameters @returns {Promise<string>} */
async function main(parameters) {
  const unknown = parameters.find((parameter) => parameter !== '--build');
  if (unknown !== undefined) throw new Error(`unknown parameter ${unknown}; expected --build`);
  const found = findCollector();
  if (found.path !== undefined) return found.path;
  if (parameters.includes('--build') && !process.env.OTELCOL_BIN) return buildCollector();
  throw new Error(found.reason);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).then(
    (path) => process.stdout.write(`${path}\n`),
    (error) => {
      report(error.message);
      process.exitCode = 1;
    },
  );
}
