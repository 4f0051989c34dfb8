import { columnsOf, safeText } from '../text/index.ts';

/**
 * Rows under a heading, columns aligned, two blanks between them. Cells are made safe for a terminal. A heading with `>` before it is of numbers: its
 * column is aligned to the right.
 * @returns no line if there is no row
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const isRight = headings.map((heading) => heading.startsWith('>'));
  const all = [
    headings.map((heading) => heading.replace(/^>/, '').toUpperCase()),
    ...rows.map((row) => row.map((cell) => safeText(cell))),
  ];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => columnsOf(row[column]!))));
  return all.map((row) =>
    row
      .map((cell, column) => {
        const blanks = ' '.repeat(widths[column]! - columnsOf(cell));
        return isRight[column] ? blanks + cell : cell + blanks;
      })
      .join('  ')
      .trimEnd(),
  );
}
