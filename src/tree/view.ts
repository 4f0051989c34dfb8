import { Failures } from './failures.ts';
import type { Forest, Outcome } from './forest-types.ts';
import type { ResolvedLinesOptions } from './lines-options.ts';
import { asciiMarks, type Marks, unicodeMarks } from './marks.ts';
import { type Line, type Piece, piece, type Style } from './paint.ts';
import { Tally } from './tally.ts';

/** All that the writers of lines need to know. */
export interface View {
  readonly forest: Forest;
  readonly options: ResolvedLinesOptions;
  readonly marks: Marks;
  readonly failures: Failures;
  readonly tally: Tally;
}

export function viewOf(forest: Forest, options: ResolvedLinesOptions): View {
  const failures = new Failures(forest);
  const marks = options.ascii ? asciiMarks : unicodeMarks;
  return { forest, options, marks, failures, tally: new Tally(forest, failures) };
}

const STYLES: Readonly<Record<Outcome, Style>> = {
  succeeded: 'green',
  failed: 'boldRed',
  cancelled: 'yellow',
  abandoned: 'yellow',
  unknown: 'yellow',
};

/** The sign of an outcome in its color. */
export function mark(outcome: Outcome, { marks }: View): Piece {
  return piece(marks.outcomes[outcome], STYLES[outcome]);
}

/** The pieces with something between them; empty ones are left out. */
export function joined(between: string, pieces: readonly Piece[]): Piece[] {
  const full = pieces.filter(({ text }) => text !== '');
  return full.flatMap((each, at) => (at === 0 ? [each] : [piece(between, 'dim'), each]));
}

/** A text cut to so many characters. */
export function short(text: string, characters: number, { marks }: View): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}${marks.cut}`;
}

export function dim(text: string): Line {
  return [piece(text, 'dim')];
}
