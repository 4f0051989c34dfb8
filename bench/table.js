/** @typedef {import('./case.js').Line} Line */

const HEAD = ['measure', 'options', 'figures', 'ratio', 'bound', ''];

/**
 * Formats lines for the terminal.
 *
 * @param {readonly Line[]} lines
 */
export function table(lines) {
  const rows = [HEAD, ...lines.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

/**
 * Formats lines as a Markdown table.
 *
 * @param {readonly Line[]} lines
 */
export function markdownTable(lines) {
  const rows = [HEAD, HEAD.map(() => '---'), ...lines.map(cells)];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** @param {Line} line */
function cells({ measure, options, figures, ratio, bound, isMet }) {
  const verdict = isMet === undefined ? '' : isMet ? 'met' : 'MISSED';
  return [measure, options, figures, ratio?.toFixed(2) ?? '', bound ?? '', verdict];
}
