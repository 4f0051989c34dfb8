import { colored, columnsOf, cutToColumns, type Style, safeText } from '../text/index.ts';
import type { Marks } from './marks.ts';

/** A piece of a line. Its text may be untrusted; it is escaped when the line is painted. */
export interface Piece {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Piece[];

/** Longer pieces are truncated, even if the width of the line is not bounded. */
const MAX_PIECE = 4_096;
/** Deeper lines are not indented further; they contain their depth. */
const MAX_GUIDES = 24;

export interface Paint {
  readonly color: boolean;
  readonly width: number;
  readonly ascii: boolean;
  readonly marks: Marks;
}

export function piece(text: string, style: Style = 'plain'): Piece {
  return { text, style };
}

/** The indentation of a line. */
export function guidesOf(depth: number, { guide }: Marks): Piece[] {
  if (depth === 0) return [];
  const deeper = depth > MAX_GUIDES ? `(+${depth - MAX_GUIDES}) ` : '';
  return [piece(guide.repeat(Math.min(depth, MAX_GUIDES)) + deeper, 'dim')];
}

/**
 * Formats a line for the terminal. All text passes through this function: unsafe characters are escaped, then
 * the line is truncated to the width, then colored.
 */
export function paintLine(line: Line, depth: number, paint: Paint): string {
  const safe = [...guidesOf(depth, paint.marks), ...line].map(({ text, style }) =>
    piece(safeText(bounded(text, paint), paint.ascii), style),
  );
  return withoutSeams(
    fitted(
      safe.filter(({ text }) => text !== ''),
      paint,
    ),
  )
    .map(({ text, style }) => (paint.color ? colored(text, style) : text))
    .join('');
}

function bounded(text: string, { marks }: Paint): string {
  if (text.length <= MAX_PIECE) return text;
  return `${text.slice(0, MAX_PIECE)}${marks.cut} (${text.length - MAX_PIECE} more)`;
}

function fitted(pieces: readonly Piece[], { width, marks }: Paint): readonly Piece[] {
  if (width === Number.POSITIVE_INFINITY) return pieces;
  let used = 0;
  for (const { text } of pieces) used += columnsOf(text);
  if (used <= width) return pieces;
  let left = width - columnsOf(marks.cut);
  const kept: Piece[] = [];
  for (const { text, style } of pieces) {
    const part = cutToColumns(text, left);
    left -= columnsOf(part);
    kept.push(piece(part, style));
    if (part.length < text.length) break;
  }
  return [...kept, piece(marks.cut, 'dim')];
}

/** Merges adjacent pieces of one style to minimize escape sequences. */
function withoutSeams(pieces: readonly Piece[]): Piece[] {
  const seamless: Piece[] = [];
  for (const each of pieces) {
    const last = seamless.at(-1);
    if (last !== undefined && last.style === each.style)
      seamless[seamless.length - 1] = piece(last.text + each.text, each.style);
    else seamless.push(each);
  }
  return seamless;
}
