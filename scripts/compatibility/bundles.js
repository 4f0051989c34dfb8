// Bundles the programs of the compatibility table with all their imports, and runs them from an empty folder.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { roomOf, tool } from './rooms.js';

/**
 * @typedef {object} Bundler
 * @property {string} name of its package
 * @property {string} format
 * @property {string} extension
 * @property {(source: string, target: string) => void} bundle
 */

/** The banner that CommonJS inside an ES module needs. Source: https://esbuild.github.io/api/#banner */
const REQUIRE =
  "import { createRequire as _create } from 'node:module'; const require = _create(import.meta.url);";

/** @type {readonly Bundler[]} */
export const BUNDLERS = [
  { name: 'esbuild', format: 'ES module', extension: 'mjs', bundle: (from, to) => esbuild(from, to, 'esm') },
  { name: 'esbuild', format: 'CommonJS', extension: 'cjs', bundle: (from, to) => esbuild(from, to, 'cjs') },
  { name: 'rollup', format: 'ES module', extension: 'mjs', bundle: rollup },
  { name: 'webpack', format: 'CommonJS', extension: 'cjs', bundle: webpack },
];

/**
 * @param {Bundler} bundler
 * @param {readonly string[]} programs of the room otel-2
 * @returns the folder and the names of the bundles
 */
export function bundled({ name, format, extension, bundle }, programs) {
  const folder = join(tmpdir(), `burstlog-bundles-${process.pid}`, `${name}-${format.replace(' ', '-')}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const nameOf = (/** @type {string} */ program) => `${basename(program, '.mjs')}.${extension}`;
  for (const program of programs) bundle(join(roomOf('otel-2'), program), join(folder, nameOf(program)));
  return { folder, nameOf };
}

/**
 * @param {string} source
 * @param {string} target
 * @param {'esm' | 'cjs'} format
 */
function esbuild(source, target, format) {
  const options = [
    '--bundle',
    '--platform=node',
    '--target=node20',
    `--format=${format}`,
    '--log-level=error',
  ];
  const banner = format === 'esm' ? [`--banner:js=${REQUIRE}`] : [];
  execFileSync(
    tool('@esbuild/linux-x64/bin/esbuild'),
    [source, ...options, ...banner, `--outfile=${target}`],
    {
      stdio: 'inherit',
    },
  );
}

/**
 * @param {string} source
 * @param {string} target
 */
function rollup(source, target) {
  const plugins = ['@rollup/plugin-node-resolve', '@rollup/plugin-commonjs', '@rollup/plugin-json'];
  const options = [
    '--format=es',
    '--silent',
    '--inlineDynamicImports',
    ...plugins.flatMap((name) => ['--plugin', name]),
  ];
  execFileSync(process.execPath, [tool('rollup/dist/bin/rollup'), source, ...options, '--file', target], {
    cwd: roomOf('tools'),
    stdio: 'inherit',
  });
}

/**
 * @param {string} source
 * @param {string} target
 */
function webpack(source, target) {
  const [path, filename] = [join(target, '..'), basename(target)];
  const options = { mode: 'production', target: 'node20', entry: source, output: { path, filename } };
  const code = `const webpack = require('webpack');
webpack(${JSON.stringify(options)}, (error, stats) => {
  if (error || stats.hasErrors()) { console.error(error ?? stats.toString('errors-only')); process.exitCode = 1; }
});`;
  const script = join(roomOf('tools'), 'run-webpack.cjs');
  writeFileSync(script, code);
  execFileSync(process.execPath, [script], { cwd: roomOf('tools'), stdio: 'inherit' });
}
