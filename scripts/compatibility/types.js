// Checks that a version of TypeScript compiles a program that uses every entry point, for each module
// resolution.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { roomOf, tool } from './rooms.js';

/** @type {Readonly<Record<string, Readonly<Record<string, string>>>>} */
export const RESOLUTIONS = {
  node10: { module: 'commonjs', moduleResolution: 'node' },
  node16: { module: 'node16', moduleResolution: 'node16' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};

/** The errors of a version that does not offer a module resolution, or has deprecated it. */
const NOT_OFFERED = /error TS(?:5107|5108|5101|5102|5110|6046).*moduleResolution/;

/**
 * @param {string} title
 * @param {string} line
 * @param {string} resolution
 */
export function typesCell(title, line, resolution) {
  const room = roomOf('otel-2');
  const compilerOptions = {
    ...RESOLUTIONS[resolution],
    ...{ target: 'es2022', strict: true, exactOptionalPropertyTypes: true, noEmit: true, types: ['node'] },
    // The declarations of OpenTelemetry and @types/node are not tested here.
    skipLibCheck: true,
  };
  const project = join(room, 'tsconfig.json');
  writeFileSync(project, JSON.stringify({ compilerOptions, files: ['types.ts'] }));
  const compiler = tool(`typescript-${line}`);
  const { bin } = JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8'));
  if (!existsSync(join(compiler, bin.tsc))) return 'not run';
  const { status, stdout } = spawnSync(process.execPath, [join(compiler, bin.tsc), '-p', project], {
    cwd: room,
    encoding: 'utf8',
  });
  if (NOT_OFFERED.test(stdout)) return 'deprecated or removed there';
  if (status !== 0) console.error(`${title}, ${resolution}: ${stdout}`);
  return status === 0 ? 'yes' : 'no';
}
