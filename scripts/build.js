// Compiles src/ into dist/: to ES modules, and what the package's doors need of it to CommonJS as well.
//
//   node scripts/build.js             what tests, benches and scripts of this repository use
//   node scripts/build.js --package   without the declarations that no door leads to, as it is published
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));

rmSync(join(root, 'dist'), { recursive: true, force: true });
for (const format of ['esm', 'cjs']) {
  const project = join(root, `tsconfig.${format}.json`);
  execFileSync(process.execPath, [join(typescript, 'bin/tsc'), '-p', project], { stdio: 'inherit' });
}
mkdirSync(join(root, 'dist/cjs'), { recursive: true });
writeFileSync(join(root, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
if (process.argv.includes('--package')) {
  for (const format of ['esm', 'cjs']) removeUnreachableDeclarations(join(root, 'dist', format));
}

/** @param {string} folder dist/esm or dist/cjs, whose own files are the doors */
function removeUnreachableDeclarations(folder) {
  const doors = readdirSync(folder).filter((name) => name.endsWith('.d.ts'));
  const reached = new Set(doors.map((name) => join(folder, name)));
  for (const path of reached) {
    for (const [, target = ''] of readFileSync(path, 'utf8').matchAll(
      /(?:from|import\()\s*["'](\.[^"']+)["']/g,
    )) {
      reached.add(resolve(dirname(path), target.replace(/\.[jt]s$/, '.d.ts')));
    }
  }
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.d.ts') && !reached.has(join(folder, name))) rmSync(join(folder, name));
  }
}
