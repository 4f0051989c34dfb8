import { checkKnown, shown, trueOrFalse, wholeNumber, withDefaults } from '../settings/index.ts';

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

export interface ResolvedLinesOptions {
  readonly color: boolean;
  readonly width: number;
  readonly unfold: 'failing' | 'all' | 'none';
  readonly ascii: boolean;
  readonly maxLines: number;
}

const defaults: ResolvedLinesOptions = {
  color: false,
  width: Number.POSITIVE_INFINITY,
  unfold: 'failing',
  ascii: false,
  maxLines: Number.POSITIVE_INFINITY,
};

/** @throws TypeError or RangeError that names the option */
export function resolveLinesOptions(given: LinesOptions): ResolvedLinesOptions {
  checkKnown('lines', given, Object.keys(defaults));
  const options = withDefaults(defaults, given as Partial<ResolvedLinesOptions>);
  trueOrFalse('color', options.color);
  trueOrFalse('ascii', options.ascii);
  if (options.width !== Number.POSITIVE_INFINITY) wholeNumber('width', options.width, 20);
  if (options.maxLines !== Number.POSITIVE_INFINITY) wholeNumber('maxLines', options.maxLines, 1);
  if (!['failing', 'all', 'none'].includes(options.unfold)) {
    throw new TypeError(`unfold must be 'failing', 'all' or 'none', got ${shown(options.unfold)}`);
  }
  return options;
}
