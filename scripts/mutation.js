// Mutation testing: changes one expression of the source at a time in a copy of the project, runs the tests
// of its room, and counts how many changes the tests detect ("killed").
//
//   node scripts/mutation.js                      all targets, 40 mutants each
//   node scripts/mutation.js burst journal        these targets
//   node scripts/mutation.js store                any room with its own test folder
//   node scripts/mutation.js --mutants 100 --seed 7 --list burst
//
// The seed alone determines which mutants are tried. Before measuring a target, the run verifies itself: its
// tests must pass unchanged, must fail with a file that throws, and must pass with a changed comment. A
// mutant survives only if all tests pass. They run in one process, the most likely ones to fail first, and
// the first failing test ends the run. A run that takes five times as long as the unchanged tests, and at
// least a minute, counts as killed.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseSync } from '@swc/core';

/** @typedef {{ readonly start: number, readonly end: number, readonly text: string, readonly what: string }} Change bytes */
/** @typedef {Change & { readonly file: string, readonly line: number }} Mutant */

/** @typedef {{ readonly source: readonly string[], readonly tests: readonly string[] }} Target */

/**
 * The source files to measure, and the tests that must detect their mutants (patterns of jest). Slow tests
 * that start programs of `build/` or `dist/` are excluded: those contain no mutants.
 */
const targets = /** @type {Record<string, Target>} */ ({
  burst: {
    source: ['src/burst', 'src/holding', 'src/limit'],
    tests: [
      ...['test/burst/(?!endings)', 'test/holding', 'test/limit'],
      // Only black box tests that run in their own process.
      'test/box/(black-box|deferred-records|watch)',
    ],
  },
  export: { source: ['src/export'], tests: ['test/export'] },
  journal: { source: ['src/journal'], tests: ['test/journal/(?!daemon|kill)'] },
  acknowledgement: {
    source: ['src/frames', 'src/zeromq', 'src/receivers/zeromq'],
    tests: ['test/frames', 'test/zeromq/(?!endings|python|threads)', 'test/receivers/zeromq'],
  },
  options: {
    source: ['src/settings', 'src/config'],
    tests: ['test/settings', 'test/config', 'test/sinks/plugins.test.ts', 'test/options-documented.test.ts'],
  },
});

/** Operators and their replacements. */
const operators = /** @type {Readonly<Record<string, string>>} */ ({
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '&&': '||',
  '||': '&&',
  '??': '&&',
});
const assignments = /** @type {Readonly<Record<string, string>>} */ ({ '+=': '-=', '-=': '+=' });

/** The minimum timeout for the tests of a mutant. */
const LEAST_MILLIS = 60_000;
/** The timeout as a multiple of the duration of the unchanged tests. */
const TIMES = 5;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mutants: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(targets);
for (const name of names) {
  if (targetOf(name) !== undefined) continue;
  console.error(
    `mutation: expected one of ${Object.keys(targets).join(', ')}, or a room with tests, got ${name}`,
  );
  process.exit(64);
}

/** Runs the tests of a room in a copy of the project. */
class TestedRoom {
  #copy;
  #tests;
  #mostMillis = 600_000;
  /** @type {Map<string, string[]>} The test files that failed for a change of a source file, the last one first. */
  #killers = new Map();

  /**
   * @param {string} copy
   * @param {readonly string[]} tests
   */
  constructor(copy, tests) {
    this.#copy = copy;
    this.#tests = tests;
    copyFileSync(join(root, 'scripts/mutation-jest.cjs'), join(copy, 'mutation-jest.cjs'));
  }

  /** @param {string} file */
  proveItself(file) {
    const original = readFileSync(join(this.#copy, file), 'utf8');
    const tests = this.#tests.join(' ');
    if (!this.passWith(file, original)) throw new Error(`${tests} fail without a change`);
    const startedAt = performance.now();
    if (!this.passWith(file, `${original}\n// A comment.\n`))
      throw new Error(`${tests} fail with a new comment`);
    this.#mostMillis = Math.max(LEAST_MILLIS, Math.ceil(TIMES * (performance.now() - startedAt)));
    if (this.passWith(file, `throw new Error('mutant');\n${original}`)) {
      throw new Error(`${tests} pass although ${file} throws when it is loaded`);
    }
  }

  /**
   * @param {string} file
   * @param {string | Buffer} text the temporary content of the file
   * @returns {boolean} whether the tests pass
   */
  passWith(file, text) {
    const path = join(this.#copy, file);
    const original = readFileSync(path);
    writeFileSync(path, text);
    const killer = this.#run(this.#order(file));
    writeFileSync(path, original);
    if (killer === undefined) return true;
    const others = (this.#killers.get(file) ?? []).filter((name) => name !== killer);
    this.#killers.set(file, [killer, ...others]);
    return false;
  }

  /**
   * Names of test files, or parts of them: the most likely ones to fail first.
   *
   * @param {string} file
   * @returns {string[]}
   */
  #order(file) {
    const others = [...this.#killers].filter(([name]) => name !== file).map(([, [last]]) => last ?? '');
    return [...(this.#killers.get(file) ?? []), basename(file, '.ts'), ...others.reverse()];
  }

  /**
   * @param {readonly string[]} first
   * @returns {string | undefined} the test file that failed; empty if the tests took too long
   */
  #run(first) {
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    const own = join(this.#copy, 'mutation-jest.cjs');
    const how = ['--runInBand', '--silent', '--testSequencer', own, '--reporters', own];
    const { pid, status, stdout } = spawnSync(process.execPath, [jest, ...this.#tests, ...how], {
      cwd: this.#copy,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
      env: { ...process.env, MUTATION_FIRST: JSON.stringify(first) },
      timeout: this.#mostMillis,
      killSignal: 'SIGKILL',
      // Missing in the types.
      ...{ detached: true },
    });
    // Otherwise an endless mutant would keep running in a worker of jest.
    if (status === null) spawnSync('kill', ['-KILL', '--', `-${pid}`]);
    return status === 0 ? undefined : (/^failed (.*)$/m.exec(stdout)?.[1] ?? '');
  }
}

let tried = 0;
let killed = 0;
for (const name of names) {
  const mutants = pick(
    mutantsOf(/** @type {Target} */ (targetOf(name)).source),
    Number(values.mutants),
    Number(values.seed),
  );
  if (values.list) for (const mutant of mutants) console.log(`${describe(mutant)}`);
  else measure(name, mutants);
}
if (!values.list) console.log(`${killed} of ${tried} mutants killed, ${percent(killed, tried)}`);

/**
 * @param {string} name
 * @returns {Target | undefined}
 */
function targetOf(name) {
  const [source, tests] = [`src/${name}`, `test/${name}`];
  const isRoom = [source, tests].every((folder) => existsSync(join(root, folder)));
  return targets[name] ?? (isRoom ? { source: [source], tests: [tests] } : undefined);
}

/**
 * @param {string} name
 * @param {readonly Mutant[]} mutants
 */
function measure(name, mutants) {
  const copy = mkdtempSync(join(tmpdir(), 'burstlog-mutation-'));
  try {
    copyProject(copy);
    const room = new TestedRoom(copy, /** @type {Target} */ (targetOf(name)).tests);
    room.proveItself(mutants[0]?.file ?? '');
    const survivors = mutants.filter((mutant, index) => {
      const original = readFileSync(join(copy, mutant.file));
      const passed = room.passWith(mutant.file, changed(original, mutant));
      if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${index + 1} of ${mutants.length}\x1b[K`);
      return passed;
    });
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    tried += mutants.length;
    killed += mutants.length - survivors.length;
    const count = mutants.length - survivors.length;
    console.log(`${name}: ${count} of ${mutants.length} killed, ${percent(count, mutants.length)}`);
    for (const mutant of survivors) console.log(`  survived: ${describe(mutant)}`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** @param {string} copy */
function copyProject(copy) {
  const files = ['src', 'test', 'dist', 'build', 'docs', 'examples', 'bench', 'collector-config', 'scripts'];
  for (const name of [...files, 'package.json', 'jest.config.js', 'tsconfig.json', 'README.md']) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
}

/**
 * @param {readonly string[]} folders
 * @returns {Mutant[]}
 */
function mutantsOf(folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((file) => file.endsWith('.ts') && statSync(join(root, file)).isFile())
      .sort()
      .flatMap((file) => mutantsOfFile(file)),
  );
}

/**
 * @param {string} file
 * @returns {Mutant[]}
 */
function mutantsOfFile(file) {
  const bytes = readFileSync(join(root, file));
  // A shebang line is not JavaScript.
  const source = String(bytes).replace(/^#!/, '//');
  // Spans continue from one parse to the next, starting at the first token; a leading marker shows the
  // offset.
  const ast = /** @type {any} */ (
    parseSync(`0;${source}`, { syntax: 'typescript', target: 'es2022', decorators: true })
  );
  const offset = ast.body[0].span.start + '0;'.length;
  /** @type {Mutant[]} */
  const mutants = [];
  visit(ast, (node) => {
    for (const change of changesOf(node, bytes, offset)) {
      const line = bytes.subarray(0, change.start).toString('utf8').split('\n').length;
      mutants.push({ ...change, file, line });
    }
  });
  return mutants;
}

/**
 * @param {any} node
 * @param {(node: any) => void} found
 */
function visit(node, found) {
  if (Array.isArray(node)) for (const each of node) visit(each, found);
  else if (typeof node === 'object' && node !== null) {
    if (typeof node.type === 'string' && node.span !== undefined) found(node);
    for (const [key, child] of Object.entries(node))
      if (key !== 'span' && !key.startsWith('type')) visit(child, found);
  }
}

/**
 * Returns the possible changes at a node of the syntax tree.
 *
 * @param {any} node
 * @param {Buffer} bytes
 * @param {number} offset
 * @returns {Change[]}
 */
function changesOf(node, bytes, offset) {
  const start = node.span.start - offset;
  const end = node.span.end - offset;
  const text = bytes.subarray(start, end).toString('utf8');
  const replaced = (/** @type {string} */ by, /** @type {string} */ what) => [{ start, end, text: by, what }];
  const between = (
    /** @type {any} */ left,
    /** @type {any} */ right,
    /** @type {string} */ from,
    /** @type {string} */ to,
  ) => {
    const gap = bytes.subarray(left.span.end - offset, right.span.start - offset).toString('utf8');
    const at = gap.indexOf(from);
    if (at < 0) return [];
    const place = left.span.end - offset + Buffer.byteLength(gap.slice(0, at));
    return [{ start: place, end: place + from.length, text: to, what: `${from} becomes ${to}` }];
  };
  switch (node.type) {
    case 'BinaryExpression': {
      const by = operators[node.operator];
      if (by === undefined || node.left.type === 'StringLiteral' || node.right.type === 'StringLiteral')
        return [];
      return between(node.left, node.right, node.operator, by);
    }
    case 'AssignmentExpression': {
      const by = assignments[node.operator];
      return by === undefined ? [] : between(node.left, node.right, node.operator, by);
    }
    case 'UpdateExpression':
      return replaced(
        text.includes('++') ? text.replace('++', '--') : text.replace('--', '++'),
        `${node.operator} is inverted`,
      );
    case 'BooleanLiteral':
      return replaced(String(!node.value), `${node.value} becomes ${!node.value}`);
    case 'IfStatement': {
      const { span } = node.test;
      const test = { start: span.start - offset, end: span.end - offset };
      return [
        { ...test, text: 'true as boolean', what: 'a condition is always true' },
        { ...test, text: 'false as boolean', what: 'a condition is never true' },
      ];
    }
    case 'ExpressionStatement':
      return node.expression.type === 'CallExpression' ? replaced(';', 'a call is removed') : [];
    default:
      return [];
  }
}

/**
 * @param {Buffer} bytes
 * @param {Change} change
 */
function changed(bytes, { start, end, text }) {
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)]);
}

/**
 * Selects this many mutants, spread over all, by the seed.
 *
 * @param {readonly Mutant[]} all
 * @param {number} count
 * @param {number} seed
 */
function pick(all, count, seed) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(count, all.length) }, (_, index) => {
    const at = Math.min(all.length - 1, Math.floor((index + random()) * step));
    return /** @type {Mutant} */ (all[at]);
  });
}

/** @param {Mutant} mutant */
function describe({ file, line, what, start, end }) {
  const text = readFileSync(join(root, file)).subarray(start, end).toString('utf8');
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return `${file}:${line}: ${what}: ${shown.replaceAll(/\s+/g, ' ')}`;
}

/**
 * @param {number} part
 * @param {number} whole
 */
function percent(part, whole) {
  return whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(0)} %`;
}
