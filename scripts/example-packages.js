// Runs the examples that are packages of their own: packs burstlog, installs it with what their package.json names, and
// runs their `npm test`. `node scripts/example-packages.js [FOLDER...]`; without a folder, all of them.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const temporary = mkdtempSync(join(tmpdir(), 'burstlog-examples-'));
const npm = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Folders of examples/, how their tests end, and what they print.
 *
 * @type {Readonly<Record<string, { status: number, printed: readonly RegExp[], absent: readonly RegExp[] }>>}
 */
const examples = {
  'pino-http': { status: 0, printed: [/pass 1/], absent: [] },
  'testing/vitest': {
    status: 1,
    printed: [
      /1 failed \| 2 passed/,
      /Log records of this test \(4\):[\s\S]* DEBUG look at the shelf of pear[\s\S]* DEBUG counted/,
    ],
    absent: [/shelf of apple/],
  },
};

/** @param {string} folder */
function failureOf(folder) {
  const example = examples[folder];
  if (example === undefined) return `known are ${Object.keys(examples).join(', ')}`;
  const copy = join(temporary, basename(folder));
  cpSync(join(root, 'examples', folder), copy, { recursive: true });
  execFileSync('npm', ['install', ...npm, tarball], { cwd: copy, stdio: 'inherit' });
  const env = { ...process.env, NO_COLOR: '1', CI: 'true' };
  const { status, stdout, stderr } = spawnSync('npm', ['test'], { cwd: copy, env, encoding: 'utf8' });
  const output = stdout + stderr;
  const missing = example.printed.filter((text) => !text.test(output));
  const strange = example.absent.filter((text) => text.test(output));
  if (status === example.status && missing.length + strange.length === 0) return undefined;
  return `exit code ${status}, not printed: ${missing.join(' ')}, printed: ${strange.join(' ')}\n${output}`;
}

let failed = 0;
const packed = ['pack', '--ignore-scripts', '--json', '--pack-destination', temporary];
const [{ filename }] = JSON.parse(execFileSync('npm', packed, { cwd: root, encoding: 'utf8' }));
const tarball = join(temporary, filename);
const asked = process.argv.slice(2);
for (const folder of asked.length > 0 ? asked : Object.keys(examples)) {
  const failure = failureOf(folder);
  console.log(failure === undefined ? `ok      ${folder}` : `FAILED  ${folder}: ${failure}`);
  if (failure !== undefined) failed += 1;
}
rmSync(temporary, { recursive: true, force: true });
process.exitCode = failed > 0 ? 1 : 0;
