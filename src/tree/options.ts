import { choice, count, flag, group, type ValueOf } from '../settings/index.ts';

/** How trees are shown. */
export interface LinesOptions {
  /** Colors by escape sequences (SGR). Default: false. */
  readonly color?: boolean | undefined;
  /**
   * Columns of the terminal; longer lines are cut, with `…`. Wide characters count as two. A whole number from
   * 20, or Infinity. Default: Infinity.
   */
  readonly width?: number | undefined;
  /**
   * Which tasks are opened: `'failing'` those with trouble in them (failed, abandoned, begun without an end, with an
   * ERROR, or with records that a burst saved) and such traces without tasks, the rest is folded into lines with
   * counts; `'all'` all of them, with every record; `'none'`: roots only, with a summary of what failed.
   * Default: `'failing'`.
   */
  readonly unfold?: 'failing' | 'all' | 'none' | undefined;
  /** For terminals without UTF-8: signs of ASCII, and everything else escaped. Default: false. */
  readonly ascii?: boolean | undefined;
  /** Not more lines than this, then one that says so. A whole number from 1, or Infinity. Default: Infinity. */
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
