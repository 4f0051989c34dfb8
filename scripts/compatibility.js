// Runs burstlog on every runtime, OpenTelemetry line, bundler, TypeScript version and test runner of the
// compatibility table, and writes docs/compatibility.md. It uses the last build, and installs the tested
// packages, in exact versions, into .compatibility/.
//
//   node scripts/compatibility.js             runs all, and writes the page
//   node scripts/compatibility.js 'Bun' ...   only rows whose title contains this text; the others are kept
//
// It fails if a cell that was "yes" has changed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BUNDLERS, bundled } from './compatibility/bundles.js';
import { CAPABILITIES, cellsOf, distlogdCell, runnerOf } from './compatibility/capabilities.js';
import { startDistlogd } from './compatibility/distlogd.js';
import { pageOf } from './compatibility/page.js';
import { ROOMS, roomOf, root, tool } from './compatibility/rooms.js';
import { RUNNERS, testRunnerCell } from './compatibility/test-runners.js';
import { RESOLUTIONS, typesCell } from './compatibility/types.js';

/**
 * @typedef {import('./compatibility/page.js').Table} Table
 * @typedef {import('./compatibility/page.js').Cells} Cells
 */

const record = join(root, 'docs/compatibility.json');
const page = join(root, 'docs/compatibility.md');
const asked = process.argv.slice(2);
/** @type {readonly Table[]} */
const before = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : [];

const node = (/** @type {number} */ major) => [tool(`node-${major}/bin/node`)];
/** @type {Readonly<Record<string, readonly string[]>>} */
const RUNTIMES = {
  'Node.js 20': node(20),
  'Node.js 22': node(22),
  'Node.js 24': node(24),
  'Node.js 26': node(26),
  Bun: [tool('@oven/bun-linux-x64/bin/bun'), 'run'],
  Deno: [tool('@deno/linux-x64-glibc/deno'), 'run', '-A', '--node-modules-dir=manual'],
};
const LINES = {
  'OpenTelemetry 2.x': { name: 'otel-2', major: 24 },
  'OpenTelemetry 3.x': { name: 'otel-3', major: 24 },
  'the oldest supported SDK': { name: 'otel-oldest', major: 20 },
};
const distlogdOf = (/** @type {string} */ room) =>
  join(room, 'node_modules/burstlog/dist/esm/cli/distlogd.js');

const daemon = await startDistlogd(node(24), distlogdOf(roomOf('otel-2')));
/** @type {Table[]} */
const tables = [
  {
    title: 'Runtimes',
    columns: [...Object.keys(CAPABILITIES), 'distlogd'],
    rows: await rows(RUNTIMES, async (title, command) => {
      const room = roomOf('otel-2');
      const run = runnerOf(command, room);
      const cells = await cellsOf(title, run, daemon);
      const distlogd = await distlogdCell(title, command, distlogdOf(room), run);
      return { version: versionOf(command), cells: { ...cells, distlogd } };
    }),
  },
  {
    title: 'OpenTelemetry lines',
    columns: Object.keys(CAPABILITIES),
    rows: await rows(LINES, async (title, { name, major }) => {
      const { '@opentelemetry/api': api, '@opentelemetry/sdk-logs': sdk } = ROOMS[name] ?? {};
      const cells = await cellsOf(title, runnerOf(node(major), roomOf(name)), daemon);
      return { version: `api ${api}, sdk-logs ${sdk}; Node.js ${major}`, cells };
    }),
  },
  {
    title: 'Bundlers',
    columns: Object.keys(CAPABILITIES),
    rows: await rows(
      Object.fromEntries(BUNDLERS.map((each) => [`${each.name}, ${each.format}`, each])),
      async (title, bundler) => {
        const programs = Object.values(CAPABILITIES).map(({ program }) => program);
        const { folder, nameOf } = bundled(bundler, programs);
        const run = runnerOf(node(20), folder);
        const inProject = runnerOf(node(20), folder, roomOf('otel-2'));
        const runBundle = (/** @type {string} */ program, /** @type {NodeJS.ProcessEnv} */ env) =>
          (program === 'start.mjs' ? inProject : run)(nameOf(program), env);
        const cells = await cellsOf(title, runBundle, daemon);
        rmSync(dirname(folder), { recursive: true, force: true });
        return { version: `${ROOMS.tools?.[bundler.name]}; Node.js 20`, cells };
      },
    ),
  },
  {
    title: 'TypeScript',
    columns: Object.keys(RESOLUTIONS),
    rows: await rows(
      Object.fromEntries(['5.0', '5.4', '5.9', '6.0', '7.0'].map((line) => [`TypeScript ${line}`, line])),
      async (title, line) => {
        const columns = Object.keys(RESOLUTIONS);
        const cells = Object.fromEntries(columns.map((column) => [column, typesCell(title, line, column)]));
        return { version: String(ROOMS.tools?.[`typescript-${line}`]?.split('@').at(-1)), cells };
      },
    ),
  },
  {
    title: 'Test runners',
    columns: Object.keys(RUNTIMES).filter((title) => title.startsWith('Node.js')),
    rows: await rows(RUNNERS, async (title, runner) => {
      const columns = Object.entries(RUNTIMES).filter(([name]) => name.startsWith('Node.js'));
      const cells = columns.map(([name, command]) => [name, testRunnerCell(title, runner, name, command)]);
      return { version: runner.version(), cells: Object.fromEntries(cells) };
    }),
  },
];
await daemon.stop();

writeFileSync(record, `${JSON.stringify(tables, null, 2)}\n`);
writeFileSync(page, pageOf(tables));
execFileSync(join(root, 'node_modules/.bin/biome'), ['format', '--write', record], { stdio: 'ignore' });
const worse = tables.flatMap(({ title, rows }) =>
  rows.flatMap((row) =>
    Object.entries(row.cells)
      .filter(([column, cell]) => cell !== 'yes' && found(title, row.title)?.cells[column] === 'yes')
      .map(([column, cell]) => `${row.title}, ${column}: was yes, is ${cell}`),
  ),
);
for (const line of worse) console.error(line);
process.exitCode = worse.length > 0 ? 1 : 0;

/**
 * @template T
 * @param {Readonly<Record<string, T>>} wanted by title
 * @param {(title: string, each: T) => Promise<{ version: string, cells: Cells }>} attempt
 */
async function rows(wanted, attempt) {
  const done = [];
  for (const [title, each] of Object.entries(wanted)) {
    const isAsked = asked.length === 0 || asked.some((text) => title.includes(text));
    const known = before.flatMap((table) => table.rows).find((row) => row.title === title);
    if (!isAsked) done.push(known ?? { title, version: 'not run', cells: {} });
    else {
      const row = { title, ...(await attempt(title, each)) };
      console.log(`${title} (${row.version}): ${JSON.stringify(row.cells)}`);
      done.push(row);
    }
  }
  return done;
}

/**
 * @param {string} table
 * @param {string} row
 */
function found(table, row) {
  return before.find(({ title }) => title === table)?.rows.find(({ title }) => title === row);
}

/** @param {readonly string[]} command */
function versionOf([name = '']) {
  const { stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown';
}
