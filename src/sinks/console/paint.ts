import { plain } from '../../tree/index.ts';

/**
 * Styles that can be read on a dark and on a light ground: the terminal's own foreground, bold and dim of it, and the
 * three colors of the first eight that keep their contrast on both. Yellow and cyan vanish on white, blue on black.
 */
export type Style = 'plain' | 'dim' | 'bold' | 'red' | 'boldRed' | 'reverseRed' | 'magenta' | 'green';

/** SGR parameters, ECMA-48 8.3.117. */
const SGR: Readonly<Record<Style, string>> = {
  plain: '',
  dim: '2',
  bold: '1',
  red: '31',
  boldRed: '1;31',
  reverseRed: '1;7;31',
  magenta: '35',
  green: '32',
};

/** Makes text of anybody's harmless, and colors it. All that reaches the terminal goes through here. */
export type Paint = (text: string, style?: Style) => string;

export function paintWith(isColored: boolean): Paint {
  return (text, style = 'plain') => {
    const safe = plain(text);
    return isColored && style !== 'plain' && safe !== '' ? `\x1b[${SGR[style]}m${safe}\x1b[0m` : safe;
  };
}

export interface ColorSurroundings {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Whether to color with `auto`: `FORCE_COLOR` decides first, as in Node.js (0 and false: no; else yes), then `NO_COLOR`
 * (no-color.org: not empty: no), then whether it is a terminal that is not dumb.
 */
export function isColoredByItself({ isTerminal, env }: ColorSurroundings): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if ((NO_COLOR ?? '') !== '') return false;
  return isTerminal && TERM !== 'dumb';
}

/** The style of a severity number. */
export function styleOf(severityNumber: number): Style {
  if (severityNumber >= 21) return 'reverseRed';
  if (severityNumber >= 17) return 'boldRed';
  if (severityNumber >= 13) return 'magenta';
  return severityNumber >= 1 && severityNumber < 9 ? 'dim' : 'plain';
}
