import type { Style } from '../text/index.ts';
import { Failures } from './failures.ts';
import { asciiMarks, type Marks, unicodeMarks } from './marks.ts';
import type { ResolvedLinesOptions } from './options.ts';
import { type Line, type Piece, piece } from './paint.ts';
import { type ShownOutcome, Summary } from './summary.ts';
import type { Task, Trace, Trees } from './trees.ts';

/** The style of lines. */
export interface Look {
  readonly options: Pick<ResolvedLinesOptions, 'ascii' | 'unfold'>;
  readonly marks: Marks;
}

/** The data and the style that functions need to write lines. */
export interface View extends Look {
  readonly trees: Trees;
  readonly failures: Failures;
  readonly summary: Summary;
  /** The trace of each root that is the first in its trace. */
  readonly firstRoots: ReadonlyMap<Task, Trace>;
}

export function viewOf(trees: Trees, options: ResolvedLinesOptions): View {
  const failures = new Failures(trees);
  const firstRoots = new Map(
    trees.traces.flatMap((trace) => trace.roots.slice(0, 1).map((root) => [root, trace] as const)),
  );
  return { ...lookOf(options), trees, failures, summary: new Summary(trees, failures), firstRoots };
}

export function lookOf(options: Look['options']): Look {
  return { options, marks: options.ascii ? asciiMarks : unicodeMarks };
}

const STYLES: Readonly<Record<ShownOutcome, Style>> = {
  succeeded: 'green',
  failed: 'boldRed',
  expected: 'dim',
  cancelled: 'magenta',
  abandoned: 'magenta',
  unknown: 'magenta',
};

/** The mark of an outcome in its color. */
export function mark(outcome: ShownOutcome, { marks }: Pick<Look, 'marks'>): Piece {
  return piece(marks.outcomes[outcome], STYLES[outcome]);
}

/** Joins the pieces with a separator, without empty ones. */
export function joined(between: string, pieces: readonly Piece[]): Piece[] {
  const full = pieces.filter(({ text }) => text !== '');
  return full.flatMap((each, at) => (at === 0 ? [each] : [piece(between, 'dim'), each]));
}

/** Truncates a text to a number of characters. */
export function short(text: string, characters: number, { marks }: Look): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}${marks.cut}`;
}

export function dim(text: string): Line {
  return [piece(text, 'dim')];
}
