/**
 * Rows under a heading, columns aligned, two blanks between them. A heading with `>` before it is of numbers: its
 * column is aligned to the right.
 * @returns no line if there is no row
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const isRight = headings.map((heading) => heading.startsWith('>'));
  const all = [headings.map((heading) => heading.replace(/^>/, '').toUpperCase()), ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row
      .map((cell, column) =>
        isRight[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
