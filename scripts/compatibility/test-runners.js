// Checks that a test runner prints the log records of a failed test, and of no other.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOMS, roomOf, root } from './rooms.js';

/**
 * @typedef {object} Runner
 * @property {() => string} version
 * @property {string} room
 * @property {(room: string) => readonly string[]} command
 * @property {readonly string[]} [not] versions of Node.js that it does not support
 */

const jest = join(root, 'node_modules/jest');

/** @type {Readonly<Record<string, Runner>>} */
export const RUNNERS = {
  'node:test': {
    version: () => "Node.js's own",
    room: 'otel-2',
    command: (room) => [
      ...['--import', 'burstlog/testing/node-test', '--test', '--test-reporter', 'spec'],
      join(room, 'warehouse.test.mjs'),
    ],
  },
  jest: {
    version: () => JSON.parse(readFileSync(join(jest, 'package.json'), 'utf8')).version,
    room: 'otel-2',
    command: (room) => {
      const configuration = {
        rootDir: room,
        testMatch: ['**/warehouse.jest-test.cjs'],
        setupFilesAfterEnv: ['burstlog/testing/jest'],
        transform: {},
      };
      return [join(jest, 'bin/jest.js'), '-i', '--config', JSON.stringify(configuration)];
    },
  },
  'vitest 4.1': vitest('vitest-4.1', []),
  'vitest 5': vitest('vitest-5', ['Node.js 20']),
};

/**
 * @param {string} room
 * @param {readonly string[]} not
 * @returns {Runner}
 */
function vitest(room, not) {
  return {
    version: () => String(ROOMS[room]?.vitest),
    room,
    not,
    command: (folder) => {
      const test = { include: ['warehouse.vitest-test.mjs'], setupFiles: ['burstlog/testing/vitest'] };
      writeFileSync(join(folder, 'vitest.config.mjs'), `export default ${JSON.stringify({ test })};\n`);
      return [join(folder, 'node_modules/vitest/vitest.mjs'), 'run'];
    },
  };
}

/** @param {string} what the task in the output, before its duration; a code frame contains it too */
const printed = (what) => new RegExp(`look for ${what} +[\\d.]+ m?s`);

/**
 * @param {string} title
 * @param {Runner} runner
 * @param {string} node the version of Node.js
 * @param {readonly string[]} command the command that runs it
 */
export function testRunnerCell(title, runner, node, [name = '', ...first]) {
  if (runner.not?.includes(node)) return 'not supported';
  const room = roomOf(runner.room);
  const { NODE_TEST_CONTEXT: _context, JEST_WORKER_ID: _worker, ...rest } = process.env;
  const { status, stdout, stderr } = spawnSync(name, [...first, ...runner.command(room)], {
    cwd: room,
    env: { ...rest, NO_COLOR: '1', CI: 'true' },
    encoding: 'utf8',
  });
  const output = stdout + stderr;
  const isFine = status === 1 && printed('pears').test(output) && !printed('apples').test(output);
  if (!isFine) console.error(`${title}, ${node}: exit code ${status}\n${output}`);
  return isFine ? 'yes' : 'no';
}
