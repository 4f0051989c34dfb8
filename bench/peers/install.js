import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * Installs what burstlog is measured beside, when it is missing: into this folder, by its own lock file, so that
 * the repository's stays small.
 *
 * @param {(text: string) => void} tell
 */
export function installPeers(tell) {
  if (existsSync(new URL('node_modules/.package-lock.json', import.meta.url))) return;
  tell('npm ci in bench/peers');
  execFileSync('npm', ['ci', '--prefix', here, '--ignore-scripts'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
