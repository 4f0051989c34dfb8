import { resolve } from '../settings/index.ts';
import { counted } from '../text/index.ts';
import { type LinesOptions, linesOptions } from './options.ts';
import { paintLine } from './paint.ts';
import { insideRows, openedHeader, type Row, topRows } from './tree-lines.ts';
import type { Trees } from './trees.ts';
import { dim, viewOf } from './view.ts';

/**
 * Trees as lines of text without line breaks, generated on demand. Characters that are dangerous for a
 * terminal (control characters, escape sequences, marks that change the direction of text) are escaped. The
 * cost is linear in the output, and no depth overflows the stack.
 * @throws TypeError or RangeError at the first line, for an invalid option
 */
export function* lines(trees: Trees, options: LinesOptions = {}): Generator<string> {
  const resolved = resolve(linesOptions, 'lines', options);
  const view = viewOf(trees, resolved);
  const paint = { ...resolved, marks: view.marks };
  const stack: Iterator<Row>[] = [topRows(view)];
  let count = 0;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { value: row, done } = top.next();
    if (done) {
      stack.pop();
      continue;
    }
    if (count >= resolved.maxLines) {
      yield paintLine(dim(`${view.marks.cut} cut after ${counted(count, 'line')}`), 0, paint);
      return;
    }
    count += 1;
    const depth = stack.length - 1;
    if ('line' in row) yield paintLine(row.line, row.line.length === 0 ? 0 : depth, paint);
    else {
      yield paintLine(openedHeader(row.open, view), depth, paint);
      stack.push(insideRows(row.open, view));
    }
  }
}
