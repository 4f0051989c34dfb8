// Finds or builds a VictoriaLogs server: `node scripts/victoria-logs.js [--build]` prints its path.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version that is built, which docker-compose.fleet.yml also runs. */
export const version = 'v1.52.1';
const goModule = `github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@${version}`;
const program = 'victoria-logs';

/**
 * The path of a VictoriaLogs server, or the reason why there is none and how to get one.
 *
 * @typedef {{ readonly path: string, readonly reason?: undefined }
 *         | { readonly path?: undefined, readonly reason: string }} FoundServer
 */

/**
 * Looks for a server: `VICTORIA_LOGS_BIN`, then `victoria-logs` on the PATH, then a cached build.
 *
 * @param {Readonly<Record<string, string | undefined>>} [environment]
 * @returns {FoundServer}
 */
export function findVictoriaLogs(environment = process.env) {
  const given = environment.VICTORIA_LOGS_BIN;
  if (given) {
    if (isProgram(given)) return { path: resolve(given) };
    return { reason: `VICTORIA_LOGS_BIN must be the path of a program, got ${given}` };
  }
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...folders, cacheFolder(environment)]) {
    if (isProgram(join(folder, program))) return { path: resolve(folder, program) };
  }
  return {
    reason:
      'no victoria-logs on the PATH: set VICTORIA_LOGS_BIN, or run node scripts/victoria-logs.js --build',
  };
}

/**
 * Builds it into the cache, first in its own folder, so that concurrent builds are safe. Takes about a minute.
 *
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @returns {string} its path
 */
function build(environment) {
  const target = cacheFolder(environment);
  mkdirSync(join(target, '..'), { recursive: true });
  const workshop = mkdtempSync(join(target, '..', `.build-${process.pid}-`));
  try {
    process.stderr.write(`victoria-logs: builds ${goModule}\n`);
    const { status, error } = spawnSync('go', ['install', goModule], {
      env: { ...environment, CGO_ENABLED: '0', GOBIN: workshop },
      stdio: ['ignore', 2, 2],
    });
    if (status !== 0)
      throw new Error(`it was not built: ${error?.message ?? 'see above'}; it needs Go 1.25 or newer`);
    try {
      renameSync(workshop, target);
    } catch (error) {
      if (!isProgram(join(target, program))) throw error; // otherwise another build finished first
    }
    return join(target, program);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** @param {Readonly<Record<string, string | undefined>>} environment */
function cacheFolder(environment) {
  const cache = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), '.cache');
  return join(cache, 'burstlog', `victoria-logs-${version}`);
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const { path, reason } = findVictoriaLogs();
    if (path === undefined && !process.argv.includes('--build')) throw new Error(reason);
    process.stdout.write(`${path ?? build(process.env)}\n`);
  } catch (error) {
    process.stderr.write(`victoria-logs: ${/** @type {Error} */ (error).message}\n`);
    process.exitCode = 1;
  }
}
