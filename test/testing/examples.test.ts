import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const folder = join(root, 'examples/testing');

function run(...args: string[]): { status: number | null; output: string } {
  // A runner inside a runner: each takes the other's variables for its own.
  const { NODE_TEST_CONTEXT: _context, JEST_WORKER_ID: _worker, FORCE_COLOR: _color, ...rest } = process.env;
  const env = { ...rest, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env });
  return { status, output: stdout + stderr };
}

test('the example for node:test passes', () => {
  const { status, output } = run('--test', join(folder, 'shop.node-test.js'));

  expect({ status, output }).toMatchObject({ status: 0 });
  expect(output).toMatch(/pass 2/);
});

test('the example for jest passes', () => {
  const config = {
    rootDir: folder,
    testMatch: ['<rootDir>/*.jest-test.js'],
    transform: {
      '\\.js$': [join(root, 'node_modules/@swc/jest'), { module: { type: 'commonjs' } }],
    },
  };
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const { status, output } = run(jest, '--config', JSON.stringify(config));

  expect({ status, output }).toMatchObject({ status: 0 });
  expect(output).toMatch(/Tests: +1 passed/);
});
