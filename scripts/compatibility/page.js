// docs/compatibility.md, from what was found.

/**
 * @typedef {Readonly<Record<string, string>>} Cells by column
 * @typedef {{ readonly title: string, readonly version: string, readonly cells: Cells }} Row
 * @typedef {{ readonly title: string, readonly columns: readonly string[], readonly rows: readonly Row[] }} Table
 */

/** @type {Readonly<Record<string, string>>} what is said below the title of a table */
const REMARKS = {
  Runtimes:
    'With OpenTelemetry 2.x. In each cell a program ran, and its output was what it has to be. `distlogd`: the daemon itself ' +
    'runs there, takes a record and ends.',
  'OpenTelemetry lines': 'The same programs with each line of the SDK that the package supports, on Node.js.',
  Bundlers:
    'Each program was bundled with all that it imports, and the bundle ran on Node.js in an empty folder. For an ES module, ' +
    'esbuild needs a banner that makes `require`, as its documentation has it. `start()` loads what the application has ' +
    'installed, so its bundle ran in a folder with a node_modules.',
  TypeScript:
    'A program that uses the doors of the SDK was compiled with `strict`, `exactOptionalPropertyTypes` and `skipLibCheck`, by way of ' +
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

Written by \`node scripts/compatibility.js\`, on Linux x64, from what it ran. A cell that was not run says so.

${sections.join('\n')}`;
}
