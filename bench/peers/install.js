import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * Installs the packages that burstlog is compared with, if they are missing or have another version. They are
 * installed into this folder, with their own lock file, so that the lock file of the repository stays small.
 *
 * @param {(text: string) => void} report
 */
export function installPeers(report) {
  const lock = readFileSync(new URL('package-lock.json', import.meta.url), 'utf8');
  const stamp = new URL('node_modules/.installed', import.meta.url);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  report('npm ci in bench/peers');
  execFileSync('npm', ['ci', '--prefix', here, '--ignore-scripts'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  writeFileSync(stamp, lock);
}
