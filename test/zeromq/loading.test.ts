import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'burstlog-zeromq-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (cwd: string, ...args: string[]) =>
  execFileSync(process.execPath, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

const use = `
  const exporter = new ZmqLogRecordExporter({ endpoint: 'tcp://127.0.0.1:5011' });
  console.log(exporter.maxConcurrentExports);
`;

test('the door works from ES modules and from CommonJS', () => {
  const esm = `import { ZmqLogRecordExporter } from 'burstlog/zeromq'; ${use}`;
  expect(run(root, '--input-type=module', '--eval', esm)).toBe('8');
  const cjs = `const { ZmqLogRecordExporter } = require('burstlog/zeromq'); ${use}`;
  expect(run(root, '--input-type=commonjs', '--eval', cjs)).toBe('8');
});

test.each(['esm', 'cjs'])('without the package zeromq the constructor says what to install (%s)', (form) => {
  const app = join(folder, form);
  mkdirSync(join(app, 'node_modules/@opentelemetry'), { recursive: true });
  symlinkSync(join(root, 'node_modules/@opentelemetry/api'), join(app, 'node_modules/@opentelemetry/api'));
  cpSync(join(root, 'dist', form), join(app, 'dist'), { recursive: true });
  const type = form === 'esm' ? 'module' : 'commonjs';
  writeFileSync(join(app, 'package.json'), JSON.stringify({ type }));
  writeFileSync(join(app, 'dist/package.json'), JSON.stringify({ type }));
  const door = './dist/zeromq.js';
  const load = form === 'esm' ? `import * as door from '${door}';` : `const door = require('${door}');`;
  writeFileSync(
    join(app, 'app.js'),
    `${load} const { ZmqLogRecordExporter } = door;
    try { ${use} } catch (error) { console.log(error.message); }`,
  );
  expect(run(app, 'app.js')).toMatch(/^the package zeromq could not be loaded: run `npm install zeromq`/);
});
