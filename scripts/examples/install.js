// Installs an example into a copy of its folder, like a user, with the burstlog of this tree. The copy is
// outside of the tree, because Node.js would also find the packages of the tree.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const copies = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'burstlog', 'examples');

/** @returns {string} the path of burstlog's tarball */
export function packBurstlog() {
  mkdirSync(copies, { recursive: true });
  const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', copies];
  const parsed = JSON.parse(execFileSync('npm', packing, { cwd: root, encoding: 'utf8' }));
  const [{ filename }] = Array.isArray(parsed) ? parsed : Object.values(parsed);
  return join(copies, filename);
}

/**
 * @param {string} name a folder of examples/
 * @param {string} tarball
 * @returns {string} the folder to start the example in
 */
export function installExample(name, tarball) {
  const from = join(root, 'examples', name);
  const copy = join(copies, name);
  const modules = join(copy, 'node_modules');
  mkdirSync(copy, { recursive: true });
  for (const file of readdirSync(copy)) {
    if (file !== 'node_modules') rmSync(join(copy, file), { recursive: true, force: true });
  }
  cpSync(from, copy, { recursive: true, filter: (path) => !path.includes('node_modules') });
  if (!existsSync(join(copy, 'package.json'))) return copy;
  const stamp = join(modules, '.installed');
  const lock = readFileSync(join(copy, 'package-lock.json'), 'utf8');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    const quietly = ['--ignore-scripts', '--prefer-offline', '--loglevel=error', '--no-audit', '--no-fund'];
    execFileSync('npm', ['ci', ...quietly], { cwd: copy, stdio: ['ignore', 'ignore', 'pipe'] });
    writeFileSync(stamp, lock);
  }
  unpackBurstlog(tarball, join(modules, 'burstlog'));
  return copy;
}

/**
 * Includes its dependencies, in the versions of the root's lock file.
 * @param {string} tarball
 * @param {string} target
 */
function unpackBurstlog(tarball, target) {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    cpSync(join(root, 'node_modules', name), join(target, 'node_modules', name), {
      recursive: true,
      dereference: true,
    });
  }
}
