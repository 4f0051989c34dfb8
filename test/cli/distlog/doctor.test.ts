import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doctor } from '../../../src/cli/distlog/doctor.ts';
import { program as distlog } from '../../../src/cli/distlog/program.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { program, runNode } from '../../setup/support/run-app.ts';
import { hasEnabled } from '../../support/sdk-abilities.ts';
import { fakeIo } from '../support/fake-io.ts';

const cli = join(__dirname, '../../../dist/esm/cli/distlog.js');

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'burstlog-doctor-'));
  const other = join(directory, 'node_modules/@opentelemetry/api');
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, 'package.json'), '{ "name": "@opentelemetry/api", "version": "1.4.1" }');
  writeFileSync(join(other, 'index.js'), '');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const causesIn = (stdout: string) => [...stdout.matchAll(/^\d+\. ([\w-]+):/gm)].map(([, cause]) => cause);

test('finds nothing in an application that shows its burst', async () => {
  const { code, stdout } = await runNode(
    [cli, 'doctor', '--', process.execPath, '--import', 'burstlog/register', program('shop.cjs')],
    { BURSTLOG_EXPORTER: 'stdout' },
  );
  expect(causesIn(stdout)).toEqual([]);
  expect(stdout).toContain('No problems found.');
  expect(stdout).toMatch(/BurstLoggerProvider: \d+ held, 1 bursts, 2 released/);
  expect(code).toBe(0);
});

test('names every cause in an application that shows none', async () => {
  const { code, stdout, stderr } = await runNode([
    ...[cli, 'doctor', '--', process.execPath, program('many-causes.cjs'), directory],
    hasEnabled ? 'new' : 'old',
  ]);
  expect(stderr).toBe('');
  expect(causesIn(stdout).sort()).toEqual(
    [
      ...['exported-beside', 'import-order', 'logger-level', 'no-context-manager', 'two-copies'],
      ...['unsupported-version', ...(hasEnabled ? ['minimum-severity'] : [])],
    ].sort(),
  );
  expect(stdout).toContain('pino was loaded before @opentelemetry/instrumentation-pino');
  expect(stdout).toContain(`@opentelemetry/api 1.4.1 in ${join(directory, 'node_modules')}`);
  expect(code).toBe(1);
});

test.each([
  [[], 64, 'distlog doctor: expected a command after --'],
  [['--for', 'soon', '--', 'node'], 64, '--for must be a duration such as 30s, got "soon"'],
  [['--', '/there/is/no/such/program'], 66, '/there/is/no/such/program cannot be run'],
])('doctor %j', async (words, code, message) => {
  const { io, err } = fakeIo(tmpdir());
  expect(await runProgram(distlog, [doctor.name, ...words], io)).toBe(code);
  expect(err.join('\n')).toContain(message);
});
