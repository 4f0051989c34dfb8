// Compiles src/ into dist/: to ES modules, and what the package's doors need of it to CommonJS as well.
//
//   node scripts/build.js             what tests, benches and scripts of this repository use
//   node scripts/build.js --package   without the declarations that no door leads to, as it is published
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const IMPORT = /^((?:im|ex)port (?:type )?)\{([^}]*)\} from '(\.[^']+)';/gm;
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

/**
 * Declarations name what they import from the index of another room. Named where it is declared, they lead to no more
 * than they need.
 *
 * @param {string} path of a declaration file
 */
function nameDirectly(path) {
  const text = readFileSync(path, 'utf8');
  const direct = text.replaceAll(IMPORT, (whole, keyword, names, target) => {
    if (!target.endsWith('/index.ts')) return whole;
    const index = resolve(dirname(path), target.replace(/\.ts$/, '.d.ts'));
    /** @type {Map<string, string>} */
    const files = new Map();
    for (const [, , passedOn = '', file = ''] of readFileSync(index, 'utf8').matchAll(IMPORT)) {
      for (const each of passedOn.split(',')) files.set(each.trim().replace(/^type /, ''), file);
    }
    return names
      .split(',')
      .map((/** @type {string} */ each) => each.trim())
      .filter((/** @type {string} */ each) => each !== '')
      .map((/** @type {string} */ each) => {
        const [name = ''] = each.replace(/^type /, '').split(' as ');
        const file = relative(dirname(path), resolve(dirname(index), files.get(name) ?? 'index.ts'));
        return `${keyword}{ ${each} } from '${file.startsWith('.') ? file : `./${file}`}';`;
      })
      .join('\n');
  });
  writeFileSync(path, direct);
}

/** @param {string} folder dist/esm or dist/cjs, whose own files are the doors */
function removeUnreachableDeclarations(folder) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.d.ts') && !name.endsWith('index.d.ts')) nameDirectly(join(folder, name));
  }
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
