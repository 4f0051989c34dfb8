// Renders docs/compatibility.md from the results.

/**
 * @typedef {Readonly<Record<string, string>>} Cells by column
 * @typedef {{ readonly title: string, readonly version: string, readonly cells: Cells }} Row
 * @typedef {{ readonly title: string, readonly columns: readonly string[], readonly rows: readonly Row[] }} Table
 */

/** @type {Readonly<Record<string, string>>} the text below the title of a table */
const REMARKS = {
  Runtimes:
    'With OpenTelemetry 2.x. For each cell a program was run, and its output was checked. `distlogd`: the daemon itself ' +
    'runs there, receives a record and ends.',
  'OpenTelemetry lines': 'The same programs with each line of the SDK that the package supports, on Node.js.',
  Bundlers:
    'Each program was bundled with everything that it imports, and the bundle was run on Node.js in an empty directory. For an ES module, ' +
    'esbuild needs a banner that defines `require`, as its documentation describes. `start()` loads what the application has ' +
    'installed, so its bundle was run in a directory with a node_modules.',
  TypeScript:
    'A program that imports every entry point of the SDK was compiled with `strict`, `exactOptionalPropertyTypes` and `skipLibCheck`, for each ' +
    '`moduleResolution`.',
  'Test runners':
    'A failed test was printed with its own log records, and with those of no other test: [testing.md](testing.md).',
};

/** @param {readonly Table[]} tables */
export function pageOf(tables) {
  const sections = tables.map(
    ({ title, columns, rows }) =>
      `## ${title}\n\n${REMARKS[title]}\n\n| | version | ${columns.join(' | ')} |\n|---|---|${'---|'.repeat(columns.length)}\n${rows
        .map(
          (row) =>
            `| ${row.title} | ${row.version} | ${columns.map((name) => row.cells[name] ?? 'not run').join(' | ')} |`,
        )
        .join('\n')}\n`,
  );
  return `# Compatibility

Which runtimes, versions and tools burstlog was run with. \`node scripts/compatibility.js\` wrote this page on Linux x64, from the results
of its runs. A cell that was not run says so.

${sections.join('\n')}`;
}
