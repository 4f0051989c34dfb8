import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const examples = join(root, 'examples/testing/failed-tests');
const programs = join(__dirname, 'programs');

function run(...args: string[]): string {
  // A runner inside a runner: each takes the other's variables for its own.
  const { NODE_TEST_CONTEXT: _context, JEST_WORKER_ID: _worker, FORCE_COLOR: _color, ...rest } = process.env;
  const env = { ...rest, NO_COLOR: '1' };
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env });
  return stdout + stderr;
}

/** The bodies of the log records that a runner printed, by the name of the test that they were printed with. */
function printed(output: string, title: RegExp): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  let name = '';
  for (const line of output.split('\n')) {
    name = title.exec(line)?.[1] ?? name;
    const body = / DEBUG (.*?)(?: {2}\w+=.*)?$/.exec(line)?.[1];
    if (body !== undefined) found[name] = [...(found[name] ?? []), body];
  }
  return found;
}

describe('jest', () => {
  const config = {
    rootDir: root,
    roots: [examples, programs],
    testMatch: ['**/*.jest-test.js'],
    setupFilesAfterEnv: ['burstlog/testing/jest'],
    transform: {
      '\\.js$': [join(root, 'node_modules/@swc/jest'), { module: { type: 'commonjs' } }],
    },
  };
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const output = run(jest, '--config', JSON.stringify(config), '-i');
  const records = printed(output, /^ {2}● (?:.* › )?(.*)$/);

  test('a failed test is printed with its own records, those of passed tests are not printed', () => {
    expect(records['two pears are there']).toEqual(['look at the shelf of pear', 'counted']);
    expect(output).not.toContain('shelf of apple');
  });

  test('what a server logs belongs to the test that runs', () => {
    expect(records['asks the server, fails']).toEqual([
      'before each of asks the server, fails',
      'server got /fails',
    ]);
    expect(output).not.toContain('server got /passes');
  });

  test('every kind of test has its records', () => {
    expect(records).toMatchObject({
      'has a callback, fails': ['before each of has a callback, fails', 'with a callback'],
      'table row 2': ['before each of table row 2', 'row 2'],
      'logs nothing of its own, fails': ['before each of logs nothing of its own, fails'],
    });
    expect(Object.keys(records)).toHaveLength(6);
  });

  test('only the last attempt of a test is printed', () => {
    expect(records['fails twice']).toEqual(['before each of with another attempt fails twice', 'attempt 2']);
  });

  test('tests pass and fail as they did without it', () => {
    expect(output).toMatch(/Tests: +6 failed, 1 skipped, 5 passed, 12 total/);
  });
});

describe('node:test', () => {
  const files = [join(examples, 'warehouse.node-test.js'), join(programs, 'kinds.node-test.mjs')];
  const hook = ['--import', 'burstlog/testing/node-test'];
  const output = run(...hook, '--test', '--test-reporter', 'spec', ...files);
  const records = printed(output, /^ *✖ (.*) \([\d.]+ms\)$/);

  test('a failed test is printed with its own records, those of passed tests are not printed', () => {
    expect(records['two pears are there']).toEqual(['look at the shelf of pear', 'counted']);
    expect(output).not.toContain('shelf of apple');
  });

  test('steps that run at the same time do not mix', () => {
    expect(records).toMatchObject({
      'has a callback, fails': ['before each of has a callback, fails', 'with a callback'],
      second: ['before each of second', 'step second'],
    });
    expect(output).not.toMatch(/DEBUG (?:step first|step third|passed)/);
  });

  test('tests pass and fail as they did without it', () => {
    expect(output).toMatch(/ℹ pass 6\nℹ fail 4/);
  });
});
