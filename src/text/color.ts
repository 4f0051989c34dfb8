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

/** Colors a text that is safe already. */
export function colored(text: string, style: Style): string {
  return style === 'plain' || text === '' ? text : `\x1b[${SGR[style]}m${text}\x1b[0m`;
}

/** The style of a severity number. */
export function styleOfSeverity(severityNumber: number): Style {
  if (severityNumber >= 21) return 'reverseRed';
  if (severityNumber >= 17) return 'boldRed';
  if (severityNumber >= 13) return 'magenta';
  return severityNumber >= 1 && severityNumber < 9 ? 'dim' : 'plain';
}

/** When to color. `auto`: on a terminal, unless the environment says otherwise. */
export type ColorChoice = 'auto' | 'always' | 'never';

/** Where the text goes. */
export interface ColorSurroundings {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Whether to color. For `auto`, `FORCE_COLOR` decides first, as in Node.js (0 and false: no; else yes), then `NO_COLOR`
 * (no-color.org: not empty: no), then whether it is a terminal that is not dumb.
 */
export function isColored(choice: ColorChoice, { isTerminal, env }: ColorSurroundings): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if ((NO_COLOR ?? '') !== '') return false;
  return isTerminal && TERM !== 'dumb';
}
