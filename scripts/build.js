// Compiles src/ into build/, file by file, and bundles the package from there into dist/: the entry points as
// ES modules and CommonJS, the two programs, and the declarations of the entry points. A few bundled files
// start faster than many hundred. The package check and every test of a program run them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const build = join(root, 'build');
const dist = join(root, 'dist');
const IMPORT = /^((?:im|ex)port (?:type )?)\{([^}]*)\} from '(\.[^']+)';/gm;

rmSync(build, { recursive: true, force: true });
rmSync(dist, { recursive: true, force: true });
/** A URL that a module resolves relative to itself. */
const OWN_URL = /new URL\('(\.[^']+)', import\.meta\.url\)/g;
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
execFileSync(process.execPath, [join(typescript, 'bin/tsc'), '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
const compiled = readdirSync(build, { recursive: true, encoding: 'utf8' });
const doors = compiled.filter((name) => /^[^/]+\.js$/.test(name));
await bundle('esm', [...doors, 'cli/distlogd.js', 'cli/distlog.js', ...placed()]);
await bundle('cjs', doors);
writeFileSync(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');
writeDeclarations();

/** Files that run in their own process or thread, and are therefore located by a URL. */
function placed() {
  const files = compiled.filter((name) => name.endsWith('.js'));
  return files.flatMap((name) => {
    const text = readFileSync(join(build, name), 'utf8');
    return [...text.matchAll(OWN_URL)]
      .map(([, file = '']) => relative(build, resolve(build, dirname(name), file)))
      .filter((file) => files.includes(file));
  });
}

/**
 * Rewrites a URL relative to a module into one relative to the bundled file that contains it.
 *
 * @param {'esm' | 'cjs'} format
 * @returns {import('rolldown').Plugin}
 */
function ownUrls(format) {
  return {
    name: 'own-urls',
    transform: (code, id) =>
      code.replace(OWN_URL, (_, file) => {
        const module = join(dist, format, relative(build, id));
        return `new URL('own:${relative(root, resolve(dirname(module), file))}', import.meta.url)`;
      }),
    renderChunk: (code, { fileName }) =>
      code.replace(/new URL\(["']own:([^"']+)["'], import\.meta\.url\)/g, (_, file) => {
        const path = relative(dirname(join(dist, format, fileName)), join(root, file));
        return `new URL('${path.startsWith('.') ? path : `./${path}`}', import.meta.url)`;
      }),
  };
}

/**
 * @param {'esm' | 'cjs'} format
 * @param {readonly string[]} files of build/, which keep their place
 */
async function bundle(format, files) {
  const bundled = await rolldown({
    cwd: root,
    platform: 'node',
    input: Object.fromEntries(files.map((name) => [name.replace(/\.js$/, ''), join(build, name)])),
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    logLevel: 'warn',
    plugins: [ownUrls(format)],
  });
  const { output } = await bundled.write({
    dir: join(dist, format),
    format,
    exports: 'named',
    entryFileNames: '[name].js',
    chunkFileNames: 'parts/[name]-[hash].js',
    // The package recognizes its own stack frames by this name, see src/task/frames.ts.
    codeSplitting: { groups: [{ name: 'burstlog-frames', test: /[\\/]task[\\/]frames\.js$/ }] },
    minifyInternalExports: false,
    comments: false,
  });
  await bundled.close();
  // A file that runs when it is loaded must not contain code that other files share.
  const programs = files.filter(
    (name) => !/^export (?!\{ ?\})/m.test(readFileSync(join(build, name), 'utf8')),
  );
  for (const each of output) {
    const shared = each.type === 'chunk' ? each.imports.find((name) => programs.includes(name)) : undefined;
    if (shared !== undefined) throw new Error(`${each.fileName} would run ${shared}, which it imports`);
  }
}

/** Copies the declarations of the entry points, and the files that they reference, to both formats. */
function writeDeclarations() {
  const reached = new Map(doors.map((name) => [name.replace(/\.js$/, '.d.ts'), '']));
  for (const name of reached.keys()) {
    const text = namedDirectly(join(build, name));
    reached.set(name, text);
    for (const [, target = ''] of text.matchAll(/(?:from|import\()\s*["'](\.[^"']+)["']/g)) {
      const path = relative(build, resolve(build, dirname(name), target.replace(/\.[jt]s$/, '.d.ts')));
      if (!reached.has(path)) reached.set(path, '');
    }
  }
  for (const format of ['esm', 'cjs']) {
    for (const [name, text] of reached) {
      mkdirSync(dirname(join(dist, format, name)), { recursive: true });
      writeFileSync(join(dist, format, name), text);
    }
  }
}

/**
 * Declarations import from the index of another room. This rewrites the imports to the declaring files, so that only
 * required declarations are copied.
 *
 * @param {string} path of a declaration file
 */
function namedDirectly(path) {
  const text = readFileSync(path, 'utf8');
  if (path.endsWith('index.d.ts') && dirname(path) !== build) return text;
  return text.replaceAll(IMPORT, (whole, keyword, names, target) => {
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
}
