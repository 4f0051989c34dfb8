// Writes docs/tree.svg, the picture in README.md: the colored output of `distlog tree` for
// examples/records.jsonl.
//
//   node scripts/build.js && node scripts/terminal-picture.js
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const CELL = { width: 7.8, height: 18 };
const PADDING = 14;
/** Color escape sequences, ECMA-48. */
const ESCAPE = String.fromCharCode(27);
const SGR = new RegExp(`(${ESCAPE}\\[[\\d;]*m)`, 'g');
/** The colors of the terminal in the picture: light gray on dark blue-gray. */
const COLORS = {
  ground: '#14191f',
  plain: '#d5dbe3',
  dim: '#8b96a5',
  red: '#ff7b72',
  green: '#56d364',
  magenta: '#d2a8ff',
};

export const picture = {
  path: join(root, 'docs/tree.svg'),
  args: ['tree', '5898b3f5', 'examples/records.jsonl', '--color', 'always', '--width', '100'],
  title: 'npx distlog tree 5898b3f5 examples/records.jsonl',
};

/**
 * Renders lines with color escape sequences (SGR) as an SVG.
 *
 * @param {string} text
 * @param {string} title the first line, shown as typed input
 * @returns {string}
 */
export function terminalSvg(text, title) {
  const lines = [`$ ${title}`, ...text.trimEnd().split('\n')];
  const columns = Math.max(...lines.map((line) => plain(line).length));
  const width = Math.ceil(columns * CELL.width + 2 * PADDING);
  const height = lines.length * CELL.height + 2 * PADDING;
  const rows = lines.map((line, at) => {
    const y = PADDING + at * CELL.height + 13;
    return `<text x="${PADDING}" y="${y}" xml:space="preserve">${spans(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="100%" height="100%" rx="8" fill="${COLORS.ground}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="${COLORS.plain}">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** @param {string} line */
function spans(line) {
  let column = 0;
  let style = '';
  let result = '';
  for (const part of line.split(SGR)) {
    if (part.startsWith(ESCAPE)) style = styleOf(part.slice(2, -1));
    else if (part !== '') {
      // Every piece has its own position, so that fonts with wider glyphs shift nothing.
      const x = (PADDING + column * CELL.width).toFixed(1);
      result += `<tspan x="${x}"${style}>${escaped(part)}</tspan>`;
      column += part.length;
    }
  }
  return result;
}

/** @param {string} code the SGR parameters that distlog uses */
function styleOf(code) {
  const set = code.split(';');
  const color = set.includes('31')
    ? 'red'
    : set.includes('32')
      ? 'green'
      : set.includes('35')
        ? 'magenta'
        : '';
  const fill = color === '' ? (set.includes('2') ? 'dim' : '') : color;
  const weight = set.includes('1') ? ' font-weight="bold"' : '';
  return `${fill === '' ? '' : ` fill="${COLORS[/** @type {keyof typeof COLORS} */ (fill)]}"`}${weight}`;
}

/** @param {string} line */
function plain(line) {
  return line.replaceAll(SGR, '');
}

/** @param {string} text */
function escaped(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const program = join(root, 'dist/esm/cli/distlog.js');
  const text = execFileSync(process.execPath, [program, ...picture.args], { cwd: root, encoding: 'utf8' });
  writeFileSync(picture.path, terminalSvg(text, picture.title));
}
