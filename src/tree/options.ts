import { choice, count, flag, group, type ValueOf } from '../settings/index.ts';

/** Options of the text form of trees. */
export interface LinesOptions {
  /** Colors by escape sequences (SGR). Default: false. */
  readonly color?: boolean | undefined;
  /**
   * Columns of the terminal; longer lines are truncated, with `…`. Wide characters count as two. A whole
   * number from 20, or Infinity. Default: Infinity.
   */
  readonly width?: number | undefined;
  /**
   * Which tasks are expanded. `'failing'`: those that need attention (failed, abandoned, started without an
   * end, with an ERROR, or with records released by a burst) and such traces without tasks; the others are
   * folded into lines with counts. `'all'`: all tasks, with every record. `'none'`: roots only, with a
   * summary of what failed. Default: `'failing'`.
   */
  readonly unfold?: 'failing' | 'all' | 'none' | undefined;
  /** For terminals without UTF-8: ASCII marks, and all other characters escaped. Default: false. */
  readonly ascii?: boolean | undefined;
  /**
   * Maximum number of lines, followed by one that reports the truncation. A whole number from 1, or Infinity.
   * Default: Infinity.
   */
  readonly maxLines?: number | undefined;
}

/** The bounds and defaults of {@link LinesOptions}. */
export const linesOptions = group({
  color: flag({ default: false }),
  width: count({ min: 20, max: Number.POSITIVE_INFINITY, default: Number.POSITIVE_INFINITY }),
  unfold: choice(['failing', 'all', 'none'], { default: 'failing' }),
  ascii: flag({ default: false }),
  maxLines: count({ min: 1, max: Number.POSITIVE_INFINITY, default: Number.POSITIVE_INFINITY }),
});

/** Every option with its value. */
export type ResolvedLinesOptions = ValueOf<typeof linesOptions>;
